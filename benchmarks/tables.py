"""Tables: how long reading one takes, and predicting from it with the predictions written, and how much memory.

Each figure is of a process of its own. Memory is what it takes at most, beyond what it takes for importing what it
needs, in sizes of the data: 8 bytes a number. Predicting is the whole command, from its start to its end.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

WRITE = """
import gzip, numpy as np, pyarrow as pa, pyarrow.csv as csv, pyarrow.parquet as parquet
random, rows = np.random.default_rng(1), {rows}
columns = {{f"x{{i}}": random.standard_normal(rows) for i in range({columns})}}
table = pa.table(columns | {{"y": np.array(["no", "yes"])[(columns["x0"] > 0).astype(int)]}})
csv.write_csv(table, "table.csv")
parquet.write_table(table, "table.parquet")
text = open("table.csv").read()
open("commas.csv", "w").write(text.translate(str.maketrans({{",": ";", ".": ","}})))
gzip.open("table.csv.gz", "wt", compresslevel=1).write(text)
"""

LEARN = "fastshallow.command.cli.main(['train', 'table.csv', '--target', 'y', '--epochs', '1', '--output', 'net.npz'])"

PROCESS = """
import resource, sys, time
{imports}
def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
before, start = memory(), time.perf_counter()
{work}
print(time.perf_counter() - start, memory() - before, file=sys.stderr)
"""

OWN = "import pyarrow.csv, pyarrow.parquet\nfrom fastshallow.command import tables"
READ = "tables.read('{name}', tables.Options(target='y'))"
WAYS = {
    "CSV": (OWN, READ.format(name="table.csv")),
    "CSV, decimal commas": (OWN, READ.format(name="commas.csv")),
    "CSV, gzip": (OWN, READ.format(name="table.csv.gz")),
    "Parquet": (OWN, READ.format(name="table.parquet")),
    "CSV with pandas": ("import pandas", "pandas.read_csv('table.csv')"),
    "CSV with numpy.loadtxt": (
        "import numpy",
        "numpy.loadtxt('table.csv', delimiter=',', skiprows=1, usecols=range({columns}))",
    ),
}
PREDICT = (
    "from fastshallow.command import cli",
    "cli.main(['predict', 'net.npz', '{name}', '--output', 'out'])",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give back its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    parser.add_argument("--rows", type=int, default=10**6, help="default: 1,000,000")
    parser.add_argument("--columns", type=int, default=20, help="of numbers; default: 20")
    parser.add_argument("--turns", type=int, default=3, help="the best one counts; default: 3")
    arguments = parser.parse_args(argv)
    from fastshallow.command.console import seconds_text, show_table

    sizes = {"rows": arguments.rows, "columns": arguments.columns}
    data = 8 * arguments.rows * arguments.columns
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        run(WRITE.format(**sizes), folder)
        run("import fastshallow.command.cli\n" + LEARN, folder)
        size = Path(folder, "table.csv").stat().st_size
        for name, (imports, work) in WAYS.items():
            found = [measure(imports, work.format(**sizes), folder) for _ in range(arguments.turns)]
            rows.append([f"read {name}", min(seconds for seconds, _ in found), found[0][1]])
        for name in "table.csv", "table.parquet":
            seconds = min(timed(PREDICT, name, folder) for _ in range(arguments.turns))
            rows.append([f"predict from {name}", seconds, measure(*PREDICT, folder, name=name)[1]])
    print(f"{arguments.rows:,} rows of {arguments.columns} numbers and a class: {size / 1e6:,.0f} MB as CSV, ", end="")
    print(f"{data / 1e6:,.0f} MB as numbers\n")
    cells = [
        [name, seconds_text(seconds), f"{memory / data:.2f}"] if seconds < float("inf") else [name, "not installed", ""]
        for name, seconds, memory in rows
    ]
    show_table(["", "time", "memory, of the data"], cells)
    return 0


def measure(imports: str, work: str, folder: str, **names: str) -> tuple[float, float]:
    """Seconds and bytes that some work takes in a process of its own; infinite if it needs what is not installed."""
    try:
        said = run(PROCESS.format(imports=imports, work=work.format(**names)), folder)
    except RuntimeError as error:
        if "ModuleNotFoundError" in str(error):
            return float("inf"), 0.0
        raise
    seconds, memory = map(float, said.split()[-2:])
    return seconds, memory


def timed(way: tuple[str, str], name: str, folder: str) -> float:
    """Seconds of a whole process."""
    start = perf_counter()
    run("\n".join(way).format(name=name), folder)
    return perf_counter() - start


def run(code: str, folder: str) -> str:
    """Run Python in a process of its own; give back what it said on standard error."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stderr


if __name__ == "__main__":
    sys.exit(main())
