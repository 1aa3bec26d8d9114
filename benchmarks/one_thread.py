"""What keeps NumPy on one thread: BLAS reads it when NumPy is imported, which fastshallow does, so no import comes here."""

import runpy
from importlib.util import find_spec
from pathlib import Path

package = find_spec("fastshallow").submodule_search_locations[0]
ONE_THREAD = dict.fromkeys(runpy.run_path(Path(package) / "backends" / "ladder.py")["BLAS_THREADS"], "1")
