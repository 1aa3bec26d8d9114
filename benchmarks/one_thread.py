"""What keeps NumPy on one thread: read when NumPy is imported, so the names come from their file without an import."""

import runpy
from importlib.util import find_spec
from pathlib import Path

package = find_spec("fastshallow").submodule_search_locations[0]
ONE_THREAD = dict.fromkeys(runpy.run_path(Path(package) / "backends" / "ladder.py")["BLAS_THREADS"], "1")
