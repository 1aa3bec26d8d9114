"""The options of ``fastshallow bench``."""

from __future__ import annotations

import argparse

from ..formulas import ACTIVATIONS, OUTPUTS
from ..measuring import NAMES, SETS
from .kinds import one_of, positive, shape, whole

BENCH = f"""examples:
  fastshallow bench
  fastshallow bench --set course --html course.html
  fastshallow bench --shape 30-64-1 --batch-sizes 1 256 16384 --dtype float64 --threads 1 2
  fastshallow bench --json before.json                     then, after a change: --json after.json, and
  fastshallow bench --compare before.json after.json

sets:
{chr(10).join(f"  {name:8}{each.about}" for name, each in SETS.items())}

One step is the cost and all gradients. Each implementation gives NumPy's answer first; then they take turns in random
order, in several processes one after the other, until the ratio to NumPy is known to 2 % or the time is over. What goes
example by example is left out where a step takes too long. A network's limit is what its multiply-adds, or the bytes
that it must read and write, take at least on this machine, which is measured."""


def add_bench_arguments(bench: argparse.ArgumentParser) -> None:
    """Add them."""
    bench.add_argument("--set", choices=SETS, help="cases by name, see below (default: quick)")
    bench.add_argument("--shape", nargs="+", type=shape, metavar="N_X-N_H-N_Y", help="networks of your own")
    bench.add_argument("--batch-sizes", nargs="+", type=whole, metavar="M", help="examples of a step")
    bench.add_argument("--dtype", nargs="+", choices=("float32", "float64"))
    bench.add_argument(
        "--hidden", choices=ACTIVATIONS, default="tanh", metavar="NAME", help=one_of(ACTIVATIONS, "tanh")
    )
    bench.add_argument(
        "--output", choices=OUTPUTS, metavar="NAME", help=one_of(OUTPUTS, "softmax for several outputs, else sigmoid")
    )
    bench.add_argument("--backends", nargs="+", choices=NAMES, metavar="NAME", help=f"of {', '.join(NAMES)}")
    bench.add_argument("--threads", nargs="+", type=whole, default=[1], metavar="N", help="default: 1")
    bench.add_argument("--seconds", type=positive, help="the time for each figure in each process")
    bench.add_argument("--processes", type=whole, metavar="N", help="how many: more make narrower intervals")
    bench.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="write the record there, or print it and nothing else"
    )
    bench.add_argument("--html", metavar="FILE", help="write a page there: charts, where time goes, every number")
    bench.add_argument("--compare", nargs=2, metavar="FILE", help="show what changed between two records")
    bench.add_argument(
        "--from", dest="recorded", metavar="FILE", help="draw the page of what --json wrote there, and measure nothing"
    )
