"""Does ``fastshallow bench --compare`` find a planted slowdown, and call what is unchanged unchanged?

``python -m benchmarks.changes --tries 20`` makes a record for each try and one more, and compares neighbours, which
are the same; then records in which `fused` takes 10 % longer, by waiting a tenth of each call's own time, compared with
the last of the others. Two runs agree where neither's interval of a ratio leaves the other's out.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from fastshallow.measuring import BASELINE, Case, bench, changes, unchanged
from fastshallow.measuring.records import Record

CASES = [Case(2, 4, 1, 1024), Case(30, 64, 1, 256)]
SLOWER = """
from time import perf_counter
from fastshallow.measuring.cases import Case
right = Case.step
def planted(case, backend, *rest):
    step = right(case, backend, *rest)
    if backend != "fused":
        return step
    def call():
        start = perf_counter()
        answer = step()
        end = perf_counter()
        end += {part} * (end - start)
        while perf_counter() < end:
            pass
        return answer
    return call
Case.step = planted
"""


def record(seconds: float, processes: int) -> Record:
    return bench(CASES, (BASELINE, "fused"), [1], seconds=seconds, longest=1.0, processes=processes, most=4 * processes)


def slower(part: float, seconds: float, processes: int) -> Record:
    """A record of processes in which `fused` takes so much longer."""
    before = os.environ.get("PYTHONPATH")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(SLOWER.format(part=part))
        os.environ["PYTHONPATH"] = folder + (os.pathsep + before if before else "")
        try:
            return record(seconds, processes)
        finally:
            os.environ.pop("PYTHONPATH")
            if before:
                os.environ["PYTHONPATH"] = before


def verdicts(pairs: Sequence[tuple[Record, Record]]) -> Counter[str]:
    return Counter(each.verdict for pair in pairs for each in changes(*pair) if each.implementation != BASELINE)


def ratio(pairs: Sequence[tuple[Record, Record]]) -> float:
    """How many times as fast the later ones are: the mean over all."""
    found = [each.ratio.value for pair in pairs for each in changes(*pair) if each.implementation != BASELINE]
    return math.exp(sum(map(math.log, found)) / len(found))


def agreeing(pairs: Sequence[tuple[Record, Record]]) -> int:
    """Pairs of runs in which each ratio's intervals meet."""
    ratios = [
        [each.ratio for cell in one.cells for each in cell.results if each.ratio] for pair in pairs for one in pair
    ]
    both = zip(ratios[::2], ratios[1::2], strict=True)
    return sum(all(a.low <= b.high and b.low <= a.high for a, b in zip(one, other, strict=True)) for one, other in both)


def main() -> int:
    """Print the counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.changes", description=__doc__)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--part", type=float, default=0.1, help="how much longer (default: 0.1)")
    parser.add_argument("--seconds", type=float, default=0.1, help="for each figure in each process (default: 0.1)")
    parser.add_argument("--processes", type=int, default=8, help="of each record, at least (default: 8)")
    arguments = parser.parse_args()
    same = [record(arguments.seconds, arguments.processes) for _ in range(arguments.tries + 1)]
    pairs = list(pairwise(same))
    print(f"{sum(unchanged(changes(*pair)) for pair in pairs)} of {len(pairs)} unchanged runs are called unchanged")
    print(f"{agreeing(pairs)} of {len(pairs)} agree in every ratio within their intervals")
    print(f"cells: {dict(verdicts(pairs))}; {ratio(pairs):.3f} times as fast in the mean", flush=True)
    planted = [
        (same[-1], slower(arguments.part, arguments.seconds, arguments.processes)) for _ in range(arguments.tries)
    ]
    found = sum(any(each.verdict == "slower" for each in changes(*pair)) for pair in planted)
    print(f"{found} of {len(planted)} runs that take {100 * arguments.part:.0f} % longer are called slower")
    print(f"cells: {dict(verdicts(planted))}; {ratio(planted):.3f} times as fast in the mean")
    disturbed = max(one.calibration.disturbed for one in same)
    print(f"processes: {', '.join(str(one.processes) for one in same)}")
    print(f"calibration loops over 10 % longer than the fastest: {100 * disturbed:.0f} % of a run at most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
