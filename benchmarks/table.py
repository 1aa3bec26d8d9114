"""The cases of ``fastshallow bench --set full`` and the implementations; what is too slow is left out."""

from dataclasses import asdict
from functools import lru_cache

import pytest

from fastshallow.backends import BACKENDS
from fastshallow.measuring import SETS, all_cases, load, machine
from fastshallow.measuring.cells import too_slow
from fastshallow.measuring.limits import bound, measured

LONGEST = 0.05  # seconds a call

CASES = all_cases(SETS["full"].cells, SETS["full"].dtypes)


def every_case(test):
    """Run a benchmark on each case by each implementation, a case after the other."""
    return pytest.mark.parametrize("backend", BACKENDS)(pytest.mark.parametrize("case", CASES, ids=str)(test))


@lru_cache(maxsize=1)  # they may be large
def prepared(case):
    """X, Y and parameters, and the reference's answers: cost and gradients, and A2."""
    arguments = case.arguments()
    return arguments, case.step("numpy", arguments)(), case.prediction("numpy", arguments)()


def skip_slow(case, backend):
    reason = too_slow(case, backend, LONGEST)
    if reason:
        pytest.skip(reason)


def describe(benchmark, what, case, backend):
    """Groups by shape and batch size, and what a record should tell of them."""
    benchmark.group = f"{what} {case}"
    benchmark.extra_info |= {"backend": backend, "threads": 1, "flops": case.flops, "bytes": case.bytes}
    if benchmark.enabled:
        limits = measured(case.dtype)
        benchmark.extra_info |= {"limit": asdict(bound(case, limits)), "limits": asdict(limits)}
        benchmark.extra_info |= {"versions": machine()["versions"], "load": load()}
