"""Forward propagation alone; flops, bytes and limits are those of a whole step."""

from .table import describe, every_case, prepared, skip_slow


@every_case
def test_predict(benchmark, case, backend):
    skip_slow(case, backend)
    arguments, _, A2 = prepared(case)
    predict = case.prediction(backend, arguments)
    case.validate(backend, predict(), A2)
    describe(benchmark, "predict", case, backend)
    benchmark(predict)
