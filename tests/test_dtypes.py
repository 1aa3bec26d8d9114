"""X of small floats and integers stays as it is in memory, and trains as if it had been converted as a whole."""

import tracemalloc

import numpy as np
import pytest
from cases import make_case, ordered
from shapes import fitted
from test_batches import far, options_of, same

import fastshallow as fs
from fastshallow.data.dtypes import computing
from fastshallow.training import loop

FLOAT32 = ("float16", "bfloat16", "int8", "uint8", "int16", "uint16", "bool")
FLOAT64 = ("int32", "uint32", "int64", "uint64")
SWAPPED = tuple(np.dtype(name).newbyteorder().str for name in ("f4", "f8", "f2", "i2", "u2", "i4", "u4", "i8", "u8"))
CASES = [  # with a batch and a number of features that fill no vector
    fitted("exact", (2, 4, 1, 203), 16, "float32"),
    fitted("examples", (9, 11, 2, 203), 70, "float32"),
    fitted("examples", (131, 3, 2, 203), 70, "float32"),  # features that would be used from where they are
    fitted("units", (30, 40, 2, 203), 70, "float32"),
    fitted("units", (1100, 33, 2, 203), 130, "float32"),  # features in blocks
    fitted("features", (33, 19, 2, 50), 8, "float32"),
]


def dtype_of(name):
    return np.dtype(getattr(pytest.importorskip("ml_dtypes"), name)) if name == "bfloat16" else np.dtype(name)


def stored_case(shape, name):
    """X in a dtype, Y and parameters in what it is computed in; X holds all kinds of numbers of its dtype, up to 3."""
    dtype = dtype_of(name)
    X, Y, p = make_case(*shape, computing(dtype))
    if dtype.kind in "iu":
        X = np.round(2.0 * X)
        X = X if dtype.kind == "i" else np.abs(X)
    elif dtype.kind == "b":
        X = X > 0.0
    else:
        X[:, ::7] *= 2.0**-18  # float16 holds these with fewer digits
        X[0, :3] = 0.0, -0.0, 2.0**-24
    return X.astype(dtype), Y, p


@pytest.mark.parametrize("name", [*FLOAT32, *FLOAT64, *SWAPPED])
def test_the_dtype_of_the_computation(name):
    X, Y, p = stored_case((2, 4, 1, 20), name)
    expected = np.dtype("float32" if name in FLOAT32 or name[1:] in ("f4", "f2", "i2", "u2") else "float64")
    net = fs.train(X, Y, n_h=4, epochs=2, seed=1, backend="numpy")
    assert {each.dtype for each in net.parameters} == {expected}
    assert net.predict_proba(X, backend="numpy").dtype == expected
    assert fs.forward(X, p, backend="numpy").dtype == expected
    _, gradients = fs.cost_and_gradients(X, Y, p, backend="numpy")
    assert gradients.W1.dtype == expected


@pytest.mark.kernels
@pytest.mark.parametrize(
    ("case", "name", "shuffle"),  # each kernel compiles for seconds
    [(case, "uint8" if i % 2 else "float16", i % 3 == 0) for i, case in enumerate(CASES)]
    + [(case, SWAPPED[4 * (i % 2)], i % 4 < 2) for i, case in enumerate(CASES)],
    ids=lambda value: f"{value[0]} {value[1][0]}" if isinstance(value, tuple) else str(value),
)
def test_training_equals_that_of_the_reference_and_of_converted_data(case, name, shuffle):
    arrangement, shape, size, dtype = case
    X, Y, p = stored_case(shape, name)
    assert fs.explain(*shape[:3], size, dtype).plan.arrangement == arrangement
    options = options_of(p, size, "gradient_descent", shuffle)
    net = fs.train(X, Y, backend="fused", **options)
    assert far(net, fs.train(X, Y, backend="numpy", **options), "float32") <= 1.0
    converted = fs.train(X.astype(computing(X.dtype)), Y, backend="fused", **options)
    assert far(net, converted, "float32") <= 1.0
    if shape[0] != 131 or shuffle:  # where float32 is used where it is, its products are added up in another order
        assert same(net, converted)


@pytest.mark.parametrize("order", ["F", "strided", "reversed", "readonly", "memmap"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[1][0]}")
def test_every_memory_order(case, order, tmp_path):
    _, shape, size, _ = case
    for name, shuffle in (("float16", False), ("uint8", True), (SWAPPED[0], False)):
        X, Y, p = stored_case(shape, name)
        options = options_of(p, size, "gradient_descent", shuffle, backend="fused")
        one = fs.train(X, Y, **options)
        assert far(fs.train(ordered(X, order, tmp_path), Y, **options), one, "float32") <= 1.0


@pytest.mark.filterwarnings("ignore:features should have mean 0")
@pytest.mark.parametrize("name", [*FLOAT32, *FLOAT64, *SWAPPED])
def test_every_number_is_read_right(name):
    """dW1 = 1/m dZ1 X' names single numbers of X, where one example has an error and Z1 is 0."""
    dtype = dtype_of(name)
    if dtype.kind == "b":
        X = np.array([False, True])
    elif dtype.itemsize <= 2:
        X = np.arange(256**dtype.itemsize).astype(f"uint{8 * dtype.itemsize}").view(dtype)
        X = X[np.isfinite(X.astype(np.float32))]
    elif dtype.kind == "f":
        X = np.random.default_rng(1).standard_normal(500).astype(dtype)  # all bytes, in an order that shows
    else:
        limits = np.iinfo(dtype)
        X = np.array([limits.min, limits.min + 1, 0, 1, 2**31 - 1, limits.max - 1, limits.max], dtype)
    X = np.resize(X, (2, -(-len(X) // 2))).astype(dtype)  # which is not swapped any more
    _, _, p = make_case(2, 4, 1, 1, computing(dtype))
    p = p._replace(**{each: 0 * getattr(p, each) for each in ("W1", "b1", "b2")})
    options = {"hidden": "identity", "output": "identity", "epochs": 1, "learning_rate": 1.0, "backend": "fused"}
    for order in ("C", "F"):
        for start in range(0, X.shape[1], 509):
            x = ordered(X[:, start : start + 509], order)
            assert x.dtype == dtype
            n = start // 7 % x.shape[1]
            Y = np.zeros((1, x.shape[1]), computing(dtype))
            Y[0, n] = 1.0
            net = fs.train(x, Y, parameters=p, **options)
            expected = p.W2.T * x[:, n].astype(np.float64) / x.shape[1]
            np.testing.assert_allclose(net.parameters.W1, expected, rtol=1e-5, atol=1e-42)


def peak_of(function):
    tracemalloc.start()
    function()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize(("name", "order"), [("uint8", "C"), (SWAPPED[0], "F")])
def test_nothing_is_converted_as_a_whole(name, order, monkeypatch):
    monkeypatch.setattr("fastshallow.data.dtypes.PIECE", 2**18)
    X, Y, p = stored_case((100, 40, 2, 60_000), name)
    X = ordered(X, order)
    for backend in ("fused", "numpy"):
        options = options_of(p, 8000, "gradient_descent", epochs=2, threads=1, backend=backend)
        net = fs.train(X[:, :8203], Y[:, :8203], validation=(X[:, :8000], Y[:, :8000]), **options)
        net.predict(X[:, :8000], backend=backend)  # compiles
        assert peak_of(lambda options=options: fs.train(X, Y, validation=(X, Y), **options)) < 2 * X.size
        assert peak_of(lambda net=net, backend=backend: net.predict(X, backend=backend)) < 2 * X.size


@pytest.mark.parametrize("name", ["uint8"])
def test_weights_dropout_threads_and_pieces(name, monkeypatch):
    X, Y, p = stored_case((30, 40, 2, 203), name)
    more = {"sample_weight": np.linspace(0.0, 2.0, 203), "dropout": 0.3, "l2": 0.1, "clip_norm": 1.0}
    for size in (70, None):
        options = options_of(p, size, "adam", **more)
        net = fs.train(X, Y, backend="fused", **options)
        assert same(net, fs.train(X.astype(np.float32), Y, backend="fused", **options))
        assert far(net, fs.train(X, Y, backend="numpy", **options), "float32") <= 1.0
        monkeypatch.setattr(loop, "PIECE", 0.0)
        assert same(net, fs.train(X, Y, backend="fused", threads=2, **options))
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("name", "backend"),
    [("float16", "fused"), (SWAPPED[1], "fused"), *((name, "numpy") for name in ("uint8", "float16", "bool", "int64"))],
)
def test_lbfgs(name, backend):
    X, Y, p = stored_case((30, 40, 2, 203), name)
    for weights in (None, np.linspace(0.5, 1.5, 203)):
        options = {"parameters": p, "optimizer": "lbfgs", "epochs": 5, "sample_weight": weights, "backend": backend}
        assert same(fs.train(X, Y, **options), fs.train(X.astype(p.W1.dtype), Y, **options))


def test_validation_data_are_of_the_same_computation():
    X, Y, p = stored_case((9, 11, 2, 203), "uint8")
    options = options_of(p, 70, "gradient_descent")
    one = fs.train(X, Y, validation=(X, Y), **options)
    for other in (X.astype(np.float16), X.astype(np.float32)):
        other = fs.train(X, Y, validation=(other, Y), **options)
        assert np.array_equal(one.history.validation_cost, other.history.validation_cost)
    with pytest.raises(ValueError, match="X of validation must be float32 with 9 rows, as X is, not float64"):
        fs.train(X, Y, validation=(X.astype(float), Y), **options)
    held_out = fs.train(X, Y, validation=0.2, **options)
    assert same(held_out, fs.train(X.astype(np.float32), Y, validation=0.2, **options))


def test_blocks_come_in_the_same_order():
    X, Y, p = stored_case((900, 3, 1, 400), "uint8")
    options = options_of(p, 70, "gradient_descent", "blocks", epochs=3, backend="fused")
    assert same(fs.train(X, Y, **options), fs.train(X.astype(np.float32), Y, **options))


@pytest.mark.parametrize("name", ["bfloat16"])
def test_resume(name, tmp_path):
    X, Y, p = stored_case((9, 11, 2, 203), name)
    options = options_of(p, 70, "momentum", backend="fused")
    path = tmp_path / "run.npz"
    whole = fs.train(X, Y, **options)
    fs.train(X, Y, checkpoint=path, **(options | {"epochs": 7}))
    assert same(fs.resume(path, X, Y, epochs=20), whole)
    X[3, 50] = 5
    with pytest.raises(ValueError, match="not those that the training began with"):
        fs.resume(path, X, Y, epochs=20)


def test_predictions_are_those_of_converted_examples(monkeypatch):
    X, Y, p = stored_case((30, 40, 2, 203), "uint8")
    net = fs.train(X, Y, parameters=p, epochs=1)
    whole = net.predict_proba(X.astype(np.float32))
    assert np.array_equal(net.predict_proba(X), whole)
    monkeypatch.setattr("fastshallow.data.dtypes.PIECE", 30 * 64)
    np.testing.assert_allclose(net.predict_proba(X), whole, rtol=1e-6)
    assert net.predict(X).shape == (2, 203)
    with pytest.raises(ValueError, match="X has 29 rows"):
        net.predict(X[:29])


def test_other_numbers_are_converted_as_a_whole():
    X, Y, p = make_case(9, 11, 2, 50)
    assert same(fs.train(X.astype(np.longdouble), Y, parameters=p, epochs=3), fs.train(X, Y, parameters=p, epochs=3))


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.ones((2, 6), complex), TypeError, "X must hold real numbers, not complex128"),
        (np.full((2, 6), object()), TypeError, "X must hold real numbers, not object as at feature 0"),
        (np.ones(6, np.uint8), ValueError, "X must have two dimensions"),
        (np.ones((0, 6), np.float16), ValueError, "X must not be empty"),
        (np.ones((2, 5), np.uint8), ValueError, "Y must have a column for each of X's 5 examples"),
        (np.array([[1, 1, 1], [1, np.nan, 1]] * 2, np.float16).reshape(2, 6), ValueError, "X holds nan at feature"),
        (np.full((2, 6), np.inf, np.float16), ValueError, "X holds inf at feature 0, example 0"),
    ],
)
def test_bad_data_are_named(X, error, message):
    with pytest.raises(error, match=message):
        fs.train(X, np.ones((1, 6)), epochs=1)


def test_infinity_in_bfloat16_is_named():
    X = np.ones((2, 6)).astype(dtype_of("bfloat16"))
    X[1, 3] = np.inf
    with pytest.raises(ValueError, match="X holds inf at feature 1, example 3"):
        fs.train(X, np.ones((1, 6)), epochs=1)


def test_parameters_and_labels_must_fit_the_computation():
    X, Y, p = stored_case((9, 11, 2, 50), "uint8")
    wide = fs.Parameters(*(each + 1e-12 for each in map(np.float64, p)))
    with pytest.raises(TypeError, match="W1 is float64, and float32, in which X is computed, does not hold"):
        fs.train(X, Y, parameters=wide, epochs=1)
    net = fs.train(X, Y.astype(np.uint8), parameters=p, epochs=1)
    assert same(net, fs.train(X, Y, parameters=p, epochs=1))
