"""One step: the cost and all gradients."""

from .table import every_case, prepared, skip_slow


@every_case
def test_step(benchmark, case, backend):
    skip_slow(case, backend)
    arguments, answer, _ = prepared(case)
    step = case.step(backend, arguments)
    case.validate(backend, step(), answer)
    benchmark.group = f"step {case}"
    benchmark(step)
