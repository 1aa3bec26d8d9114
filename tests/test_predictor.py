"""One example at a time, and whatever else is predicted: the same answers, NaN found, `out` filled, faults named."""

import copy
import pickle
import sys
import threading
import tracemalloc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from cases import DTYPES, make_case, ordered
from test_predictions import network
from tolerance import tolerance

import fastshallow as fs
from fastshallow.backends import functional
from fastshallow.training.network import Target

# A tiny network, few units, many features of few units, units in lanes, a feature in each lane, a released GIL
SHAPES = [(2, 4, 1), (5, 6, 2), (300, 3, 3), (7, 40, 2), (30, 64, 1), (400, 130, 3)]
ORDERS = ["C", "F", "strided", "reversed", "readonly"]


def case(shape, output="softmax", dtype="float64", m=5, features=False, target=False):
    X, _, p = make_case(*shape, m, dtype)
    output = "sigmoid" if output == "softmax" and shape[2] == 1 else output
    net = network(p, "tanh", output)
    if features:
        X = (X * 3.0 + 100.0).astype(dtype)
        net = net.with_features(fs.standardize(X)[1])
    if target:
        about = Target("y", (), np.full((shape[2], 1), 7.0), np.full((shape[2], 1), 3.0))
        net = replace(net, target=about)
    return X, net


def right(net, X):
    return net._forward(X, "numpy", None, None)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ORDERS)
def test_one_example_has_one_answer(shape, dtype, order):
    """Flat, as a column and among others; to the bit where it is the same array, else to rounding."""
    for output in ("softmax", "identity"):
        X, net = case(shape, output, dtype, features=output == "softmax", target=output == "identity")
        expected, predict = right(net, X), net.predictor(dtype)
        both = net.predict_proba if output == "softmax" else net.predict
        X = ordered(X, order)
        assert np.array_equal(predict(X), both(X))
        for t in range(X.shape[1]):
            x, column = X[:, t], X[:, t : t + 1]
            answer, one = predict(x), both(column)
            assert one.dtype == dtype and one.shape == (shape[2], 1)
            assert isinstance(answer, float) if shape[2] == 1 else answer.shape == (shape[2],)
            assert np.array_equal(predict(column), one) and np.array_equal(np.ravel(answer), one[:, 0])
            error = np.abs(one - expected[:, t : t + 1]).max()
            assert error <= tolerance(dtype, np.abs(expected).max(), 200.0)
            assert np.array_equal(one, predict(np.ascontiguousarray(column)))
            assert np.abs(both(column, threads=2) - one).max() <= tolerance(dtype, np.abs(one).max(), 200.0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_number_by_hand(dtype):
    p = fs.Parameters(*(np.array(each, dtype) for each in ([[1.0, -2.0]], [[0.5]], [[3.0], [-1.0]], [[1.0], [0.0]])))
    predict = network(p, "relu", "identity").predictor()
    assert predict(np.array([2.0, 1.0], dtype)).tolist() == [2.5, -0.5]
    assert predict(np.array([[2.0, 0.0], [1.0, 1.0]], dtype)).tolist() == [[2.5, 1.0], [-0.5, 0.0]]
    predict = network(p._replace(W2=p.W2[:1], b2=p.b2[:1]), "relu", "identity").predictor()
    assert predict(np.array([2.0, 1.0], dtype)) == 2.5


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("threads", [None, 1, 2])
def test_nan_is_found_wherever_it_is(shape, dtype, threads):
    """At the first and last example, of any number; none is found where a call before has left some."""
    for m in (1, 17, 64, 3, 1, 300):
        for order in ("C", "F"):
            X, net = case(shape, dtype=dtype, m=m, features=True)
            X = ordered(X, order)
            clean = net.predict_proba(X, threads=threads)
            for t in {0, m // 2, m - 1}:
                bad = X.copy(order)
                bad[shape[0] - 1, t] = np.nan
                message = rf"X holds nan at feature {shape[0] - 1}, example {t}$"
                for function in (net.predict_proba, net.predict):
                    with pytest.raises(ValueError, match=message):
                        function(bad, threads=threads)
                found = net.predict_proba(bad, threads=threads, allow_nan=True)
                assert np.isnan(found).any(axis=0).tolist() == [i == t for i in range(m)]
                assert np.array_equal(net.predict_proba(X, threads=threads), clean)
            if threads is None:
                with pytest.raises(ValueError, match=message):
                    net.predictor(dtype)(bad[:, t] if m == 1 else bad)


def test_nan_among_many_examples_and_in_sparse_ones():
    sparse = pytest.importorskip("scipy.sparse")
    X, net = case((2, 4, 1), m=300_000)
    for threads in (1, 2):
        X[0, 299_999] = np.nan
        with pytest.raises(ValueError, match="feature 0, example 299999"):
            net.predict(X, threads=threads)
        X[0, 299_999] = 0.0
        assert not np.isnan(net.predict_proba(X, threads=threads)).any()
    X, net = case((5, 6, 2), m=1)
    for m in (1, 40):
        S = np.zeros((5, m))
        S[3, -1] = np.nan
        with pytest.raises(ValueError, match=f"feature 3, example {m - 1}"):
            net.predict_proba(sparse.csc_matrix(S))
        S[3, -1] = 1.0
        np.testing.assert_allclose(net.predict_proba(sparse.csc_array(S)), right(net, S), rtol=1e-13)


def test_infinity_is_taken_for_what_it_is():
    _, net = case((2, 4, 1))
    x = np.array([np.inf, 0.0])
    assert net.predictor()(x) == net.predict_proba(x[:, None])[0, 0] == pytest.approx(right(net, x[:, None])[0, 0])
    p = fs.Parameters(*(np.ones((1, 1)) for _ in range(4)))
    assert network(p, "identity", "identity").predictor()(np.array([np.inf])) == np.inf


@pytest.mark.parametrize("shape", SHAPES)
def test_out_is_filled_and_given_back(shape):
    X, net = case(shape, m=9)
    n_y, predict = shape[2], net.predictor()
    room = np.full((n_y + 2, 9), 5.0)
    for part, x in ((room[1:-1], X), (room[1:-1].reshape(-1)[:n_y].reshape(n_y, 1), X[:, 2:3])):
        for function in (net.predict_proba, lambda x, out: predict(x, out)):
            room[...] = 5.0
            assert function(x, out=part) is part
            assert np.array_equal(part, net.predict_proba(x)) and not (room[[0, -1]] - 5.0).any()
    flat = np.full(n_y + 2, 5.0)
    part = flat[1:-1]
    assert predict(X[:, 2], part) is part
    assert np.array_equal(part, net.predict_proba(X[:, 2:3])[:, 0]) and flat[[0, -1]].tolist() == [5.0, 5.0]


def test_out_of_every_way_of_computing():
    sparse = pytest.importorskip("scipy.sparse")
    X, net = case((5, 6, 2), m=9)
    whole, out = np.round(X), np.empty((2, 9))
    for x in (X, sparse.csc_array(X), whole.astype(np.int64), X.astype(">f8"), X.tolist()):
        for backend in ("auto", "numpy", "loops"):
            if backend != "auto" and sparse.issparse(x):
                continue
            out[...] = 7.0
            assert net.predict_proba(x, out=out, backend=backend) is out
            expected = right(net, whole if getattr(x, "dtype", None) == np.int64 else X)
            np.testing.assert_allclose(out, expected, rtol=1e-12)
    X, net = case((5, 6, 2), "identity", m=9)
    assert net.predict(X, out=out) is out and np.array_equal(out, net.predict(X))


def read_only(shape):
    out = np.zeros(shape)
    out.flags.writeable = False
    return out


FAULTS = [
    (lambda shape, x: np.zeros(shape).tolist(), TypeError, "out must be an array of NumPy's, not list"),
    (lambda shape, x: np.zeros(shape, np.float32), TypeError, "out must be float64, .* are, not float32"),
    (lambda shape, x: np.zeros(shape, ">f8"), TypeError, "out must be float64, .* are, not >f8"),
    (lambda shape, x: np.zeros((3, *shape[1:])), ValueError, r"out must have the shape .* but its shape is \(3,"),
    (lambda shape, x: np.zeros((*shape, 1)), ValueError, "out must have the shape"),
    (lambda shape, x: np.zeros((*shape, 2))[..., 0], ValueError, "out must be in C order"),
    (lambda shape, x: np.zeros(shape)[::-1], ValueError, "out must be in C order"),
    (lambda shape, x: read_only(shape), ValueError, "out must be writeable, but it is read-only"),
    (
        lambda shape, x: np.zeros(8 * np.prod(shape) + 1, np.uint8)[1:].view(float).reshape(shape),
        ValueError,
        "in C order and aligned",
    ),
    (lambda shape, x: x[:2], ValueError, "out must not share memory with X"),
    (lambda shape, x: x[3:], ValueError, "out must not share memory with X"),
]


@pytest.mark.parametrize(("make", "error", "message"), FAULTS)
@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 9)])
def test_what_out_cannot_be(make, error, message, shape):
    X, net = case((5, 6, 2), m=9)
    x = np.ascontiguousarray(X[:, : shape[1]] if shape[1:] else X[:, 0])
    before, out = x.copy(), make(shape, x)
    functions = [net.predictor(), *([net.predict_proba] if shape[1:] else [])]
    for function in functions:
        with pytest.raises(error, match=message):
            function(x, out=out)
    assert np.array_equal(x, before)


def test_labels_go_to_no_out():
    X, net = case((5, 6, 2))
    with pytest.raises(ValueError, match="out is for numbers, and this network's output is 'softmax'"):
        net.predict(X, out=np.zeros((1, 5)))


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([0.0] * 5, TypeError, "x must be an array of NumPy's, not list"),
        (1.0, TypeError, "x must be an array of NumPy's, not float"),
        (None, TypeError, "x must be an array of NumPy's, not NoneType"),
        (np.zeros(5, np.float32), TypeError, r"x must be float64, not float32: convert it with x.astype\('float64'\)"),
        (np.zeros(5, int), TypeError, "x must be float64, not int64"),
        (np.zeros(5, ">f8"), TypeError, "x must be float64, not >f8"),
        (np.zeros(4), ValueError, r"x must have the shape \(5,\) or \(5, m\), but its shape is \(4,\)"),
        (np.zeros((1, 5)), ValueError, r"its shape is \(1, 5\); an example is a column: did you mean x.T\?"),
        (np.zeros((5, 0)), ValueError, r"its shape is \(5, 0\)"),
        (np.zeros(()), ValueError, r"its shape is \(\)"),
        (np.zeros((5, 1, 1)), ValueError, r"its shape is \(5, 1, 1\)"),
        (np.ma.array(np.zeros(5), mask=[0, 0, 1, 0, 0]), ValueError, "X has 1 masked element, the first at feature 2"),
    ],
)
def test_what_a_predictor_refuses(x, error, message):
    predict = case((5, 6, 2))[1].predictor()
    with pytest.raises(error, match=message):
        predict(x)


def test_what_a_predictor_of_a_network_refuses():
    net = case((5, 6, 2))[1]
    for dtype in ("float16", "nonsense", ">f8", 3):
        with pytest.raises(ValueError, match=f"dtype must be float32 or float64, not {dtype!r}$"):
            net.predictor(dtype)
    with pytest.raises(ValueError, match=r"X must have two dimensions \(n_x, m\), but its shape is \(5,\)"):
        net.predict_proba(np.zeros(5))
    assert net.predictor("float32").dtype == np.float32 and repr(net.predictor()) == "Predictor(5-6-2, float64)"


def test_odd_arrays_are_read_right():
    """Bytes that are not aligned, zero and negative strides, a subclass."""
    X, net = case((5, 6, 2))
    predict, x = net.predictor(), np.ascontiguousarray(X[:, 0])
    answer = predict(x)
    shifted = np.frombuffer(b"0" + x.tobytes(), np.uint8)[1:].view(float)
    apart = np.zeros(5, [("a", np.int8), ("x", float)])
    apart["x"] = x  # 9 bytes apart
    assert not shifted.flags.aligned and apart["x"].strides == (9,)
    for same in (shifted, apart["x"], np.ascontiguousarray(x[::-1])[::-1], x.view(np.memmap)):
        assert np.array_equal(predict(same), answer)
        assert np.array_equal(net.predict_proba(same[:, None])[:, 0], answer)
    assert np.array_equal(predict(np.broadcast_to(1.5, 5)), predict(np.full(5, 1.5)))


@pytest.mark.parametrize("shape", [(5, 6, 2), (400, 130, 3)])
def test_threads_that_ask_at_once(shape):
    """A second one is answered too while the first one's answer is computed without Python's lock."""
    X, net = case(shape, m=8)
    predict, expected, wrong = net.predictor(), [net.predict_proba(X[:, t : t + 1]) for t in range(8)], []

    def ask(t):
        x = np.ascontiguousarray(X[:, t])
        for _ in range(300):
            found = predict(x)
            if np.abs(found - expected[t][:, 0]).max() > 1e-13:
                wrong.append((t, found))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=ask, args=(t,)) for t in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong


def test_copies_and_pickles():
    X, net = case((5, 6, 2), features=True)
    predict = net.predictor("float64")
    answer = predict(X[:, 0])
    for other in (pickle.loads(pickle.dumps(predict)), copy.copy(predict), copy.deepcopy(predict)):
        assert np.array_equal(other(X[:, 0]), answer) and other.dtype == predict.dtype
    for same in (pickle.loads(pickle.dumps(net)), copy.copy(net), copy.deepcopy(net)):
        assert np.array_equal(same.predict_proba(X[:, :1])[:, 0], answer)
    del net
    assert np.array_equal(predict(X[:, 0]), answer)
    assert len(pickle.dumps(predict)) < 5000


def test_nothing_is_kept():
    """Neither an answer nor where it went, and no answer that is thrown away for NaN."""
    X, net = case((4, 3, 1000), "identity")
    predict, x, out = net.predictor(), np.ascontiguousarray(X[:, 0]), np.empty(1000)
    answer = predict(x)
    gone = weakref.ref(answer)
    del answer
    assert gone() is None
    count = sys.getrefcount(out)
    for _ in range(50):
        predict(x, out)
    assert sys.getrefcount(out) == count
    x[0] = np.nan
    assert predict._answer(x, None) == 0  # so Python says why
    tracemalloc.start()
    for _ in range(50):
        assert predict._answer(x, None) == 0
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 200_000  # an answer has 8,000 bytes


def test_without_compiled_code(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    monkeypatch.setattr(functional, "_ready", {})
    X, net = case((30, 64, 1))
    expected = right(net, X)
    assert np.array_equal(net.predict_proba(X[:, :1]), right(net, X[:, :1]))
    assert net.predictor()(X[:, 0]) == pytest.approx(expected[0, 0], rel=1e-13)
    x = np.full(30, np.nan)
    with pytest.raises(ValueError, match="X holds nan at feature 0"):
        net.predictor()(x)
