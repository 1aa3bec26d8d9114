"""Arrays that people bring from other programs: understood where nothing is lost, else refused with the way out."""

import math
import tracemalloc
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from cases import make_case, ordered

import fastshallow as fs
from fastshallow.data import scales
from fastshallow.data.dtypes import computing

X, Y, P = make_case(2, 4, 1, 6)
NA = type("NAType", (), {"__repr__": lambda self: "<NA>", "__bool__": lambda self: 1 / 0})()  # as pandas' own


def same(one, other):
    return all(map(np.array_equal, one.parameters, other.parameters))


def train(X, Y, **options):
    return fs.train(X, Y, **({"n_h": 3, "epochs": 3, "seed": 1, "backend": "numpy"} | options))


class Tensor:
    """Behaves as PyTorch's on the way into NumPy."""

    def __init__(self, a, requires_grad=True, fault=None):
        self.a, self.requires_grad, self.fault = a, requires_grad, fault

    def detach(self):
        return Tensor(self.a, False, self.fault)

    def __array__(self, dtype=None, copy=None):
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if self.fault:
            raise TypeError(self.fault)
        return self.a


def masked(a, *places):
    return np.ma.masked_array(a, [(k, t) in places for k, t in np.ndindex(a.shape)])


# ---- numbers in other clothes ----------------------------------------------------------------------------------

KINDS = {
    "masked, nothing of it": masked,
    "masked without a mask": np.ma.masked_array,
    "objects": lambda a: a.astype(object),
    "lists": np.ndarray.tolist,
    "tensor": Tensor,
    "table": lambda a: pytest.importorskip("pandas").DataFrame(a),
    "nullable": lambda a: pytest.importorskip("pandas").DataFrame(a).astype("Float64"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_in_other_clothes(kind):
    given = KINDS[kind]
    net = train(X, Y)
    assert same(train(given(X), given(Y)), net)
    assert same(train(X, Y, validation=(given(X), given(Y))), net)
    assert np.array_equal(net.predict_proba(given(X), backend="numpy"), net.predict_proba(X, backend="numpy"))
    for backend in ("numpy", "fused"):
        right = fs.cost_and_gradients(X, Y, P, backend=backend)  # opens the short way
        for p in (P, fs.Parameters(*map(given, P))):
            cost, gradients = fs.cost_and_gradients(given(X), given(Y), p, backend=backend)
            assert cost == right[0] and all(map(np.array_equal, gradients, right[1]))
            assert np.array_equal(fs.forward(given(X), p, backend=backend), fs.forward(X, p, backend=backend))


def test_nullable_columns_of_different_dtypes():
    pd = pytest.importorskip("pandas")
    columns = {"a": ("Int64", [1, -2, 3]), "b": ("Float64", [0.5, 1.5, 2.0]), "c": ("boolean", [True, False, True])}
    table = pd.DataFrame({name: pd.array(values, dtype=dtype) for name, (dtype, values) in columns.items()})
    right = np.array([values for _, values in columns.values()], float)
    y = np.array([[0.0, 1.0, 1.0]])
    assert same(train(table.T, y), train(right, y))
    table.loc[1, "b"] = pd.NA
    with pytest.raises(ValueError, match=r"^X has no value at feature 1, example 1, but <NA>: fill it, or leave"):
        train(table.T, y)
    assert same(train(table.T.fillna(0.25), y), train(np.where(right == 1.5, 0.25, right), y))


@pytest.mark.parametrize(
    ("dtypes", "computed"),
    [
        (("Float32", "Float32"), "float32"),
        (("Int8", "boolean"), "float32"),
        (("Float32", "Int64"), "float64"),
        (("Float64", "Float64"), "float64"),
        (("int64[pyarrow]", "int64[pyarrow]"), "float64"),
        (("int8[pyarrow]", "int8[pyarrow]"), "float32"),
    ],
)
def test_nullable_columns_are_computed_as_their_plain_twins(dtypes, computed):
    pd = pytest.importorskip("pandas")
    if "pyarrow" in dtypes[0]:
        pytest.importorskip("pyarrow")
    columns = {"a": pd.array([0, 1], dtype=dtypes[0]), "b": pd.array([1, 0], dtype=dtypes[1])}
    assert train(pd.DataFrame(columns), [[0, 1]]).parameters.W1.dtype == computed


@pytest.mark.parametrize(
    ("objects", "dtype"),
    [
        ([[1], [2.5]], "float64"),
        ([[True], [False]], "float32"),
        ([[np.float32(0.1)], [np.float32(2)]], "float32"),
        ([[np.float32(0.1)], [0.1]], "float64"),
        ([[2**63], [1]], "float64"),
        ([[np.int8(1)], [np.True_]], "float32"),
    ],
)
def test_objects_are_computed_in_what_holds_them(objects, dtype):
    p = fs.Parameters(*(each.astype(dtype) for each in P))
    answer = fs.forward(np.array(objects, object), p, hidden="identity", output="identity", backend="numpy")
    right = fs.forward(np.array(objects, dtype), p, hidden="identity", output="identity", backend="numpy")
    assert answer.dtype == dtype and np.array_equal(answer, right)


def with_object(value):
    a = X.astype(object)
    a[1, 4] = value
    return a


REFUSED = {
    "masked": (
        masked(X, (0, 5), (1, 2)),
        ValueError,
        "X has 2 masked elements, the first at feature 0, example 5: fill",
    ),
    "one masked": (masked(X, (1, 2)), ValueError, r"X has 1 masked element, .* feature 1, example 2: .*X\.filled\(0\)"),
    "masked row": (
        [X[0], masked(X, (1, 2))[1]],
        ValueError,
        "X has 1 masked element, the first at feature 1, example 2",
    ),
    "None": (with_object(None), ValueError, "X has no value at feature 1, example 4, but None: fill it, or leave"),
    "NA": (with_object(NA), ValueError, "X has no value at feature 1, example 4, but <NA>"),
    "NaN": (with_object(math.nan), ValueError, "X holds nan at feature 1, example 4"),
    "word": (with_object("big"), TypeError, r"X must hold real numbers, not words such as 'big': X\.astype\(float\)"),
    "words": (X.astype(str), TypeError, "X must hold real numbers, not words such as '-?[0-9]"),
    "Decimal": (with_object(Decimal(1)), TypeError, "X must hold real numbers, not Decimal as at feature 1, example 4"),
    "complex": (with_object(1j), TypeError, "X must hold real numbers, not complex as at feature 1, example 4"),
    "nested": (with_object([1, 2]), TypeError, "X must hold real numbers, not list as at feature 1, example 4"),
    "huge": (with_object(10**40), TypeError, r"X holds whole numbers that are too large: X\.astype\(float\) rounds"),
    "dates": (X.astype("M8[D]"), TypeError, r"X must hold real numbers, not datetime64\[D\]"),
    "elsewhere": (
        Tensor(X, fault="can't convert cuda:0 device type tensor to numpy."),
        TypeError,
        "X must be an array, or what NumPy makes one of: can't convert cuda:0",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_number_is_named_by_its_place(kind):
    bad, error, message = REFUSED[kind]
    net = train(X, Y)
    calls = [lambda: train(bad, Y), lambda: train(X, Y, validation=(bad, Y)), lambda: fs.standardize(bad)]
    if kind != "NaN":
        calls += [lambda: net.predict(bad), lambda: fs.forward(bad, P), lambda: fs.cost_and_gradients(bad, Y, P)]
    for call in calls:
        with pytest.raises(error, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_so_it_is_in_Y_and_in_parameters():
    for bad, message in (
        (masked(Y, (0, 3)), "Y has 1 masked element, the first at output 0, example 3"),
        (masked(Y, (0, 3))[0], "Y has 1 masked element, the first at example 3"),
        ([0, 1, None, 0, 1, 1], "Y has no value at example 2, but None"),
    ):
        with pytest.raises(ValueError, match=message):
            train(X, bad)
        fs.cost_and_gradients(X, Y, P)
        with pytest.raises(ValueError, match=message):
            fs.cost_and_gradients(X, bad, P)
    with pytest.raises(ValueError, match="W1 has 1 masked element, the first at row 3, column 1"):
        train(X, Y, parameters=P._replace(W1=masked(P.W1, (3, 1))))
    with pytest.raises(ValueError, match="sample_weight has 1 masked element, the first at example 4"):
        train(X, Y, sample_weight=np.ma.masked_array(np.ones(6), np.arange(6) == 4))


# ---- byte order ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["f4", "f8", "f2", "i2", "u2", "i4", "u8"])
def test_byte_order_does_not_decide_what_is_computed(name, monkeypatch):
    native = np.dtype(name)
    x = np.abs(np.round(4.0 * X)).astype(native)
    swapped = x.astype(native.newbyteorder())
    assert not swapped.dtype.isnative and computing(swapped.dtype) == computing(native)
    p = fs.Parameters(*(each.astype(computing(native)) for each in P))
    net = train(x, Y)
    assert same(train(swapped, Y.astype(">f4"), validation=(swapped, Y)), net)
    monkeypatch.setattr("fastshallow.data.dtypes.PIECE", 4)  # two examples at a time
    A2 = fs.forward(swapped, p, backend="numpy")
    assert A2.dtype == fs.forward(swapped, p).dtype == computing(native)
    np.testing.assert_allclose(A2, fs.forward(x, p, backend="numpy"), rtol=1e-6)
    np.testing.assert_allclose(net.predict_proba(swapped), net.predict_proba(x), rtol=1e-6)
    cost, gradients = fs.cost_and_gradients(swapped, Y, p)
    assert cost == fs.cost_and_gradients(x, Y, p)[0] and gradients.W1.dtype == computing(native)


def test_forward_converts_in_pieces(monkeypatch):
    monkeypatch.setattr("fastshallow.data.dtypes.PIECE", 2**14)
    x = np.random.default_rng(1).standard_normal((20, 40_000)).astype(">f4")
    p = fs.initialize_parameters(20, 2, 1, seed=1, dtype="float32")
    tracemalloc.start()
    fs.forward(x, p, backend="numpy")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < x.nbytes / 3


# ---- labels ----------------------------------------------------------------------------------------------------

ABC = np.array([[0.0, 1, 0, 0], [1, 0, 0, 1], [0, 0, 1, 0]])


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([1, 0, 2, 1], [0, 1, 2]),
        ([[1, 0, 2, 1]], [0, 1, 2]),
        (np.array([-5.0, -7.0, 2.0, -5.0], np.float32), [-7, -5, 2]),
        (["b", "a", "cc", "b"], ["a", "b", "cc"]),
        (np.array(["b", "a", "cc", "b"], object), ["a", "b", "cc"]),
        (np.array([10, 9, 100, 10], object), [9, 10, 100]),
        (np.array(["b", "a", "cc", "b"], "S"), [b"a", b"b", b"cc"]),
        (np.ma.masked_array([1, 0, 2, 1]), [0, 1, 2]),
    ],
)
def test_one_hot(labels, classes):
    Y, found = fs.one_hot(labels)
    assert Y.dtype == np.float64 and np.array_equal(Y, ABC)
    assert found.tolist() == classes


def test_one_hot_of_pandas():
    pd = pytest.importorskip("pandas")
    for dtype in ("category", "string", "object", "str"):
        Y, classes = fs.one_hot(pd.Series(["b", "a", "cc", "b"], dtype=dtype))
        assert np.array_equal(Y, ABC) and classes.tolist() == ["a", "b", "cc"]
    for dtype in ("Int64", "int8", "Float64"):
        Y, classes = fs.one_hot(pd.Series([1, 0, 2, 1], dtype=dtype))
        assert np.array_equal(Y, ABC) and classes.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="labels has no value at example 1, but"):
        fs.one_hot(pd.Series(["b", None, "a"], dtype="category"))


def test_classes_give_predictions_their_names():
    labels = np.array(["no", "yes", "yes", "no", "yes", "no"])
    x = np.array([[-1.0, 1.0, 2.0, -2.0, 1.5, -1.5]])
    Y, classes = fs.one_hot(labels)
    assert classes.tolist() == ["no", "yes"] and np.array_equal(Y[1:], [[0, 1, 1, 0, 1, 0]])
    for y, output in ((Y, "softmax"), (Y[1:], "sigmoid"), (Y[1], "sigmoid")):
        net = train(x, y, output=output, epochs=300, learning_rate=1.0, scale="xavier")
        assert np.array_equal(classes[net.predict(x, backend="numpy")], [labels])


def test_labels_of_other_examples_get_the_same_rows():
    _, classes = fs.one_hot(["b", "a", "c"])
    Y, same_classes = fs.one_hot(["c", "c"], classes)
    assert np.array_equal(Y, [[0, 0], [0, 0], [1, 1]]) and same_classes.tolist() == ["a", "b", "c"]
    Y, _ = fs.one_hot([3, 1, 3], [3, 1])  # in another order
    assert np.array_equal(Y, [[1, 0, 1], [0, 1, 0]])
    with pytest.raises(ValueError, match="labels holds 'd' at example 2, which is not among the classes"):
        fs.one_hot(["a", "c", "d", "e", "d"], classes)
    with pytest.raises(ValueError, match="labels holds 1 at example 0, which is not among the classes"):
        fs.one_hot([1], classes)
    with pytest.raises(ValueError, match="classes must be different from each other"):
        fs.one_hot(["a"], ["a", "b", "a"])


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0.5, 1.0], ValueError, r"not 0.5 as at example 0: numbers that are no classes .*output='identity'"),
        ([1.0, math.nan], ValueError, "labels has no value at example 1, but nan"),
        (np.array(["a", None, "b"], object), ValueError, "labels has no value at example 1, but None"),
        (np.array(["a", "b", math.nan], object), ValueError, "labels has no value at example 2, but nan"),
        (np.array([1, NA], object), ValueError, "labels has no value at example 1, but <NA>"),
        (np.array(["a", 1], object), TypeError, "labels must be all words or all numbers, not 'a' and 1"),
        (np.ma.masked_array([1, 2], [0, 1]), ValueError, "labels has 1 masked element, the first at example 1"),
        (["a", "a"], ValueError, "labels must hold two classes or more, but all are 'a'"),
        ([[0, 1], [1, 0]], ValueError, r"labels must have shape \(m,\) or \(1, m\), .* but its shape is \(2, 2\)"),
        ([[0], [1]], ValueError, r"labels must have shape \(m,\) or \(1, m\), .* but its shape is \(2, 1\)"),
        ([], ValueError, r"labels must have shape .* but its shape is \(0,\)"),
        (3, ValueError, r"labels must have shape .* but its shape is \(\)"),
        (np.array(["2020-01-01"], "M8[D]"), TypeError, "labels must be words, whole numbers or booleans, not datetime"),
        ([1j, 2], TypeError, "labels must be words, whole numbers or booleans, not complex128"),
    ],
)
def test_what_are_no_labels(labels, error, message):
    with pytest.raises(error, match=message) as caught:
        fs.one_hot(labels)
    assert "\n" not in str(caught.value)


ONE_HOT = (
    r"Y, classes = fs\.one_hot\(labels\) makes a row for each class, .*'softmax', .* Y\[1:\] is the row for 'sigmoid'"
)


@pytest.mark.parametrize(
    ("Y", "output", "error", "message"),
    [
        (
            [0, 1, 2, 0, 1, 2],
            "softmax",
            ValueError,
            "Y must have a row for each class for output='softmax', but it has one",
        ),
        ([[0, 1, 1, 0, 1, 1]], "softmax", ValueError, "Y must have a row for each class for output='softmax'"),
        (
            [[0, 1, 2, 0, 1, 2]],
            "sigmoid",
            ValueError,
            "Y must lie between 0 and 1 for output='sigmoid'; it holds 0 to 2",
        ),
        ([[-1, 1, 1, -1, 1, 1]], "sigmoid", ValueError, "Y must lie between 0 and 1 .* it holds -1 to 1"),
        (list("abcabc"), "softmax", TypeError, "Y must hold real numbers, not words such as 'a'"),
        (
            np.array([["no", "yes"] * 3], object),
            "sigmoid",
            TypeError,
            "Y must hold real numbers, not words such as 'no'",
        ),
    ],
)
def test_labels_as_Y_are_told_of_one_hot(Y, output, error, message):
    with pytest.raises(error, match=f"{message}.*{ONE_HOT}") as caught:
        train(X, Y, output=output)
    assert "\n" not in str(caught.value)


def test_so_they_are_by_cost_and_gradients():
    right = fs.one_hot([0, 1, 2, 0, 1, 2])[0]
    p = fs.initialize_parameters(2, 4, 3, seed=1)
    for backend in ("numpy", "fused"):
        options = {"output": "softmax", "backend": backend}
        fs.cost_and_gradients(X, right, p, **options)
        for labels in ([0, 1, 2, 0, 1, 2], np.array([[0, 1, 2, 0, 1, 2.0]])):
            with pytest.raises(ValueError, match=f"a row for each of the 3 outputs of W2, .* \\(1, 6\\): .*{ONE_HOT}"):
                fs.cost_and_gradients(X, labels, p, **options)
        with pytest.raises(TypeError, match=f"not words such as 'a': .*{ONE_HOT}"):
            fs.cost_and_gradients(X, list("abcabc"), p, **options)
        with pytest.raises(TypeError, match=f"not words such as 'no': .*{ONE_HOT}"):
            fs.cost_and_gradients(X, ["no", "yes"] * 3, P, backend=backend)


def test_numbers_out_of_range_that_are_no_labels():
    with pytest.raises(ValueError, match=r"it holds 0.5 to 2$"):
        train(X, [[0.5, 1, 2, 1, 1, 1]])


# ---- shapes ----------------------------------------------------------------------------------------------------


def test_a_flat_Y_is_one_row(tmp_path):
    net = train(X, Y)
    assert same(train(X, Y[0]), net) and same(train(X, Y[0].tolist(), validation=(X, Y[0])), net)
    whole = train(X, Y[0], checkpoint=tmp_path / "run.npz")
    assert same(fs.resume(tmp_path / "run.npz", X, Y[0]), whole)
    for backend in ("numpy", "fused"):
        right = fs.cost_and_gradients(X, Y, P, backend=backend)
        cost, gradients = fs.cost_and_gradients(X, Y[0], P, backend=backend)
        assert cost == right[0] and all(map(np.array_equal, gradients, right[1]))
    with pytest.raises(ValueError, match=r"Y must have a row for each of the 2 outputs of W2, .* \(1, 6\)"):
        fs.cost_and_gradients(X, Y[0], make_case(2, 4, 2, 6)[2])


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ((4, 150), (150, 3), r"^Y must have a column for each of X's 150 .* \(150, 3\); .* did you mean Y\.T\?$"),
        ((150, 4), (3, 150), r"^X must have a column for each of Y's 150 .* \(150, 4\); .* did you mean X\.T\?$"),
        ((150, 4), (150,), r"^X must have a column for each of Y's 150 .* \(150, 4\); .* did you mean X\.T\?$"),
        ((150, 4), (150, 3), r"^X and Y must .* \(150, 4\) and \(150, 3\); .* did you mean X\.T and Y\.T\?$"),
        ((150, 4), (150, 1), r"^X and Y must .* did you mean X\.T and Y\.T\?$"),
        ((4, 4), (4, 1), r"^Y must have a column .* did you mean Y\.T\?$"),
        ((4, 150), (1, 149), r"^Y must have a column for each of X's 150 examples, but its shape is \(1, 149\)$"),
        ((1, 150), (149,), r"^Y must have a column for each of X's 150 examples, but its shape is \(1, 149\)$"),
    ],
)
def test_which_looks_transposed(x, y, message):
    with pytest.raises(ValueError, match=message):
        train(np.ones(x), np.ones(y))


# ---- features of mean 0 and variance 1 -------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["C", "F", "strided", "reversed", "readonly"])
@pytest.mark.parametrize("piece", [1, 2**18])
def test_standardize(order, piece, monkeypatch):
    monkeypatch.setattr(scales, "PIECE", piece)
    x = np.array([[1.0, 2, 6], [5, 5, 5], [0.1, 0.1, 0.1], [-3, 3, 0]])
    given = ordered(x, order)
    answer, features = fs.standardize(given)
    deviations = np.sqrt([[14 / 3], [1], [1], [6]])
    np.testing.assert_allclose(features.mean, [[3.0], [5.0], [0.1], [0.0]], rtol=0, atol=0)
    np.testing.assert_allclose(features.scale, deviations, rtol=1e-15)
    assert features.scale[1] == features.scale[2] == 1.0 and features.names == ()
    np.testing.assert_allclose(answer, (x - features.mean) / deviations, rtol=1e-15)
    assert not answer[1:3].any()
    assert np.array_equal(given, x)  # which is not changed


@pytest.mark.parametrize(
    ("dtype", "far"), [("float64", 0), ("float64", 1e8), ("float64", -1e8), ("float32", 1e4), (">f4", -1e4)]
)
def test_features_far_from_zero(dtype, far, monkeypatch):
    monkeypatch.setattr(scales, "PIECE", 64)
    x = (3.0 * (far + np.random.default_rng(1).standard_normal((2, 2000)))).astype(dtype)
    answer, features = fs.standardize(x)
    assert answer.dtype == computing(x.dtype)
    for k, row in enumerate(x.tolist()):
        numbers = list(map(Fraction, row))
        mean = sum(numbers) / len(numbers)
        scale = math.sqrt(sum((each - mean) ** 2 for each in numbers) / len(numbers))
        assert features.mean[k] == pytest.approx(float(mean), rel=3e-16, abs=1e-15)
        assert features.scale[k] == pytest.approx(scale, rel=1e-13)
        right = [float(each - mean) / scale for each in numbers]
        accuracy = 4 * np.finfo(answer.dtype).eps + np.spacing(abs(far))  # of the answer, and of the mean
        np.testing.assert_allclose(answer[k], right, rtol=0, atol=accuracy)


def test_a_constant_feature_of_any_size():
    x = np.array([[1e308] * 9, [5e-324] * 9, [0.0] * 9])
    answer, features = fs.standardize(x)
    assert not answer.any() and np.array_equal(features.mean, x[:, :1]) and (features.scale == 1.0).all()


@pytest.mark.parametrize(
    ("dtype", "computed"), [("uint8", "float32"), ("float16", "float32"), ("int64", "float64"), (">u2", "float32")]
)
def test_standardize_small_numbers(dtype, computed):
    x = np.array([[1, 2, 6], [250, 251, 255]]).astype(dtype)
    answer, features = fs.standardize(x)
    np.testing.assert_allclose(features.mean, [[3], [252]])
    assert answer.dtype == computed
    np.testing.assert_allclose(answer, [np.array([-2, -1, 3]) / np.sqrt(14 / 3)] * 2, rtol=1e-6)


def test_other_examples_are_standardized_alike():
    _, features = fs.standardize([[1.0, 3.0], [10.0, 10.0]])
    answer, again = fs.standardize([[5.0], [12.0]], features)
    assert again is features and np.array_equal(answer, [[3.0], [2.0]])
    with pytest.raises(ValueError, match=r"X has 3 rows, but features has 2$"):
        fs.standardize(np.ones((3, 4)), features)
    with pytest.raises(ValueError, match=r"X has 4 rows, but features has 2; .* did you mean X\.T\?"):
        fs.standardize(np.ones((4, 2)), features)
    with pytest.raises(TypeError, match=r"features must be what fs\.standardize gave, not tuple"):
        fs.standardize(np.ones((2, 2)), (0, 1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_keeps_features_and_predicts_from_raw_data(dtype, tmp_path):
    random = np.random.default_rng(3)
    raw = (np.array([[1e4], [0.01]]) + np.array([[50.0], [0.001]]) * random.standard_normal((2, 200))).astype(dtype)
    x, features = fs.standardize(raw)
    y = (x.sum(axis=0) > 0).astype(int)
    net = train(x, y, epochs=200)
    kept = net.with_features(features)
    assert kept.features is features and net.features is None
    right = net.predict_proba(x, backend="numpy")
    np.testing.assert_allclose(kept.predict_proba(raw, backend="numpy"), right, atol=100 * np.finfo(dtype).eps)
    assert np.mean(kept.predict(raw, backend="numpy") == y) > 0.95
    kept.save(tmp_path / "net.npz")
    loaded = fs.Network.load(tmp_path / "net.npz")
    assert np.array_equal(loaded.predict_proba(raw, backend="numpy"), kept.predict_proba(raw, backend="numpy"))
    with pytest.raises(ValueError, match="features has 3 rows, but the network takes 2"):
        net.with_features(fs.standardize(random.standard_normal((3, 9)))[1])
    with pytest.raises(TypeError, match=r"features must be what fs\.standardize gave, not tuple"):
        net.with_features((0.0, 1.0))


def test_memory_of_standardize(monkeypatch):
    monkeypatch.setattr(scales, "PIECE", 2**14)
    x = np.random.default_rng(1).integers(0, 255, (20, 100_000)).astype(np.uint8)
    tracemalloc.start()
    fs.standardize(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * x.size + 2 * 2**20  # the answer in float32, and little else


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([[1.0, 2.0, math.nan]], ValueError, "X holds nan at feature 0, example 2"),
        ([[1.0, 2.0], [1.0, math.inf]], ValueError, "X holds inf at feature 1, example 1"),
        ([[1.0, 2.0], [-1e300, 1e300]], ValueError, "X is too large or too small at feature 1 to be standardized"),
        ([[1.0, 2.0], [-1e-300, 1e-300]], ValueError, "X is too large or too small at feature 1 to be standardized"),
        ([1.0, 2.0], ValueError, r"X must have two dimensions"),
    ],
)
def test_what_cannot_be_standardized(x, error, message):
    with np.errstate(all="raise"), pytest.raises(error, match=message):
        fs.standardize(x)


def test_sparse_data_stay_sparse():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match=r"X must be dense, not sparse: .*X\.toarray\(\)"):
        fs.standardize(sparse.csc_matrix(np.eye(3)))
