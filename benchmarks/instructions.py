"""How many instructions a step executes: a number that noise does not move, to gate a change on.

``python -m benchmarks.instructions --write before.json``, then, after a change, ``--against before.json``: the exit
status is 1 if a step takes over 2 % more. Valgrind's callgrind counts them (apt install valgrind); compiled kernels
have no names there, but count. It knows no AVX-512, so kernels are compiled for AVX2: it matters which code is counted,
not how fast it is. Fewer instructions are not always faster: fastshallow bench has the last word.

A step's are the difference of two processes, of few steps and of more, divided by how many more: start and imports fall
out, if both are the same. Where others edited the package meanwhile, counts of one step lay 3 and 11 % apart: count
twice, in a checkout of its own, before you believe a change.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .avx2 import AVX2

CELLS = ("2-4-1-1", "2-4-1-1024", "30-64-1-256")
FEW, MORE = 2, 202
CHANGE = 0.02
STEPS = """
import sys
import numpy as np
import fastshallow as fs
n_x, n_h, n_y, m, steps = map(int, sys.argv[1:])
X = np.sin(np.arange(n_x * m, dtype=np.float32)).reshape(n_x, m)
Y = np.zeros((n_y, m), np.float32)
p = fs.initialize_parameters(n_x, n_h, n_y, scale="xavier", seed=1, dtype="float32")
for _ in range(steps):
    fs.cost_and_gradients(X, Y, p, backend="fused", threads=1)
"""


def count(cell: str, steps: int, folder: str) -> int:
    """Instructions of a process of so many steps, which loads what another one has compiled."""
    settings = {
        **os.environ,
        **AVX2,
        "FASTSHALLOW_CACHE_DIR": folder,
        "OPENBLAS_NUM_THREADS": "1",
        "OPENBLAS_CORETYPE": "Haswell",
        "PYTHONHASHSEED": "0",
    }
    command = [sys.executable, "-c", STEPS, *cell.split("-"), str(steps)]
    subprocess.run(command, env=settings, check=True)
    valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", "--", *command]
    done = subprocess.run(valgrind, env=settings, check=True, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        raise RuntimeError(done.stderr)
    return int(found[1])


def main() -> int:
    """Print the table; 1 if a step takes more than before."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.instructions", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--cells", nargs="+", default=CELLS, metavar="N_X-N_H-N_Y-M", help=f"default: {' '.join(CELLS)}"
    )
    parser.add_argument("--write", metavar="FILE", help="keep the numbers there")
    parser.add_argument("--against", metavar="FILE", help="fail if a step takes over 2 %% more than is written there")
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("valgrind is not installed: apt install valgrind", file=sys.stderr)
        return 2
    before = json.loads(Path(arguments.against).read_text()) if arguments.against else {}
    found, worse = {}, False
    with tempfile.TemporaryDirectory() as folder:
        for cell in arguments.cells:
            found[cell] = (count(cell, MORE, folder) - count(cell, FEW, folder)) / (MORE - FEW)
            change = found[cell] / before[cell] - 1 if cell in before else None
            worse |= change is not None and change > CHANGE
            print(f"{cell:16}{found[cell]:14,.0f}{'' if change is None else f'  {100 * change:+.2f} %'}", flush=True)
    if arguments.write:
        Path(arguments.write).write_text(json.dumps(found) + "\n")
    return int(worse)


if __name__ == "__main__":
    sys.exit(main())
