"""One step: the cost and all gradients."""

from .table import describe, every_case, prepared, skip_slow


@every_case
def test_step(benchmark, case, backend):
    skip_slow(case, backend)
    arguments, answer, _ = prepared(case)
    step = case.step(backend, arguments)
    case.validate(backend, step(), answer)
    describe(benchmark, "step", case, backend)
    benchmark(step)
