"""Forward propagation alone."""

from .table import every_case, prepared, skip_slow


@every_case
def test_predict(benchmark, case, backend):
    skip_slow(case, backend)
    arguments, _, A2 = prepared(case)
    predict = case.prediction(backend, arguments)
    case.validate(backend, predict(), A2)
    benchmark.group = f"predict {case}"
    benchmark(predict)
