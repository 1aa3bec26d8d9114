"""Sparse X trains as if it were dense, and never is as a whole."""

import tracemalloc

import numpy as np
import pytest
from cases import make_case
from test_batches import far, flat, options_of, same

import fastshallow as fs
from fastshallow.training import loop

sparse = pytest.importorskip("scipy.sparse")

SHAPES = [  # n_x, n_h, n_y, m: one to four vectors of units, panels of one, two and three
    ((300, 40, 2, 203), 70, "float64"),
    ((50, 3, 1, 203), 70, "float32"),
    ((300, 100, 9, 150), 50, "float32"),
]


def sparse_case(n_x, n_h, n_y, m, dtype="float64", density=0.05):
    """X as CSC, with an example and a feature of zeros alone, Y and parameters."""
    X, Y, p = make_case(n_x, n_h, n_y, m, dtype)
    X = np.where(np.random.default_rng(5).random(X.shape) < density, X, 0)
    X[:, 7 % m] = 0.0
    X[3 % n_x] = 0.0
    return sparse.csc_matrix(X), Y, p


@pytest.mark.kernels
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(("shape", "size", "dtype"), SHAPES)
def test_training_equals_that_of_dense_data(shape, size, dtype, shuffle):
    X, Y, p = sparse_case(*shape, dtype)
    options = options_of(p, size, "gradient_descent", shuffle, learning_rate=0.2)
    net = fs.train(X, Y, backend="fused", **options)
    assert net.parameters.W1.dtype == dtype
    for backend, x in (("numpy", X), ("fused", X.toarray()), ("numpy", X.toarray())):
        assert far(net, fs.train(x, Y, backend=backend, **options), dtype) <= 1.0
    other = X.copy()
    other.data[len(other.data) // 2] += 0.5
    assert far(fs.train(other, Y, backend="fused", **options), net, dtype) > 1.0  # one number would be noticed


def test_every_kind_of_matrix():
    X, Y, p = sparse_case(50, 40, 2, 203)
    options = options_of(p, 70, "gradient_descent", backend="fused")
    net = fs.train(X, Y, **options)
    wide = X.copy()
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    double = sparse.csc_matrix((np.repeat(X.data / 2, 2), np.repeat(X.indices, 2), 2 * X.indptr), X.shape)
    backwards = sparse.csr_matrix(X.T)[:, ::-1][:, ::-1].T
    readonly = X.copy()
    for each in (readonly.data, readonly.indices, readonly.indptr):
        each.flags.writeable = False
    kinds = [X.tocsr(), sparse.csr_matrix(X.toarray().T).T, wide, double, backwards, readonly]
    kinds += [getattr(sparse, name)(X) for name in ("csc_array", "csr_array") if hasattr(sparse, name)]
    for kind in kinds:
        before = kind.toarray(), kind.data.copy()
        assert same(fs.train(kind, Y, **options), net)
        assert np.array_equal(kind.toarray(), before[0]) and np.array_equal(kind.data, before[1])
    integers = X.copy()
    integers.data = np.sign(integers.data).astype(np.int8)
    one = fs.train(integers, Y, **options)
    assert same(one, fs.train(integers.astype(float), Y, **options))


def test_weights_dropout_threads_and_pieces(monkeypatch):
    X, Y, p = sparse_case(300, 40, 2, 5000, density=0.2)
    more = {"sample_weight": np.linspace(0.0, 2.0, 5000), "dropout": 0.3, "l2": 0.1, "clip_norm": 1.0, "epochs": 3}
    options = options_of(p, 3000, "adam", **more)
    net = fs.train(X, Y, backend="fused", threads=1, **options)
    assert far(net, fs.train(X, Y, backend="numpy", **options), "float64") <= 1.0
    monkeypatch.setattr(loop, "PIECE", 0.0)
    for threads in (1, 2, None):
        assert same(net, fs.train(X, Y, backend="fused", threads=threads, **options))


@pytest.mark.parametrize("backend", ["fused", "numpy"])
def test_validation_and_resume(backend, tmp_path):
    X, Y, p = sparse_case(300, 40, 2, 203)
    options = options_of(p, 70, "momentum", backend=backend)
    whole = fs.train(X, Y, validation=0.3, **options)
    dense = fs.train(X.toarray(), Y, validation=0.3, **options)
    assert far(whole, dense, "float64") <= 1.0
    np.testing.assert_allclose(whole.history.validation_cost, dense.history.validation_cost, rtol=1e-12)
    path = tmp_path / "run.npz"
    fs.train(X, Y, validation=0.3, checkpoint=path, **(options | {"epochs": 7}))
    assert same(fs.resume(path, X, Y, epochs=20), whole)
    X.data[9] += 1.0
    with pytest.raises(ValueError, match="not those that the training began with"):
        fs.resume(path, X, Y, epochs=20)


def test_predictions_come_in_dense_pieces(monkeypatch):
    X, Y, p = sparse_case(300, 40, 2, 203)
    net = fs.train(X, Y, parameters=p, epochs=1)
    whole = net.predict_proba(X.toarray())
    assert np.array_equal(net.predict_proba(X), whole)
    monkeypatch.setattr("fastshallow.data.dtypes.PIECE", 300 * 64)
    np.testing.assert_allclose(net.predict_proba(X.tocsr()), whole, rtol=1e-12)
    assert np.array_equal(net.predict(X), net.predict(X.toarray()))
    with pytest.raises(ValueError, match="X has 299 rows"):
        net.predict(X[:299])


def test_nothing_is_made_dense(monkeypatch):
    monkeypatch.setattr("fastshallow.data.dtypes.PIECE", 2**18)
    X, Y, p = sparse_case(1000, 5, 1, 203)
    rows = np.arange(0, 1000, 100) + np.random.default_rng(1).integers(100, size=(40_000, 10))  # 1 % of each column
    X = sparse.csc_array((np.linspace(0.1, 1.0, rows.size), rows.ravel(), np.arange(0, rows.size + 1, 10)))
    assert X.shape == (1000, 40_000)
    Y = np.resize(Y, (1, 40_000))
    options = options_of(p, 200, "gradient_descent", epochs=2, threads=1, backend="fused")
    fs.train(X[:, :500], Y[:, :500], validation=(X[:, :300], Y[:, :300]), **options).predict(X[:, :300])  # compiles
    tracemalloc.start()
    net = fs.train(X, Y, validation=(X, Y), **options)
    net.predict(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * X.shape[0] * X.shape[1] / 20


def test_steps_by_hand():
    X, Y, p = sparse_case(50, 3, 1, 20)
    net = fs.train(X, Y, parameters=p, epochs=1, learning_rate=1.0, backend="fused")
    cost, gradients = fs.cost_and_gradients(X.toarray(), Y, p, backend="numpy")
    assert net.history.cost[0] == pytest.approx(cost, rel=1e-14)
    expected = np.concatenate([(a - da).ravel() for a, da in zip(p, gradients, strict=True)])
    np.testing.assert_allclose(flat(net), expected, rtol=1e-12, atol=1e-15)


def damaged():
    X, _, _ = sparse_case(4, 3, 1, 6, density=0.5)
    X.indices[-1] = 4
    return X


def holding(value):
    X, _, _ = sparse_case(4, 3, 1, 6, density=0.5)
    X.data[2] = value
    return X


GOOD = sparse.csc_matrix(np.eye(4, 6))


@pytest.mark.parametrize(
    ("X", "options", "error", "message"),
    [
        (sparse.coo_matrix(np.eye(4, 6)), {}, TypeError, r"CSC, or by rows, CSR, not coo: convert it with X\.tocsc"),
        (GOOD.astype(complex), {}, TypeError, "X must hold real numbers, not complex128"),
        (sparse.csc_matrix((4, 0)), {}, ValueError, r"X must not be empty, but its shape is \(4, 0\)"),
        (GOOD[:, :5], {}, ValueError, "Y must have a column for each of X's 5 examples"),
        (holding(np.nan), {}, ValueError, "X holds NaN or infinity"),
        (holding(np.inf), {}, ValueError, "X holds NaN or infinity"),
        (damaged(), {}, ValueError, "X is a damaged csc matrix"),
        (GOOD, {"backend": "jit"}, ValueError, "backend must be fused, numpy or auto for sparse X, not 'jit'"),
        (GOOD, {"optimizer": "lbfgs"}, ValueError, "optimizer must not be 'lbfgs' for sparse X"),
    ],
)
def test_bad_data_are_named(X, options, error, message):
    with pytest.raises(error, match=message):
        fs.train(X, np.ones((1, 6)), epochs=1, **options)


def test_only_X_may_be_sparse_and_only_to_train_and_predict():
    with pytest.raises(TypeError, match=r"Y must be dense, not sparse: convert it with Y\.toarray"):
        fs.train(GOOD, sparse.csc_matrix(np.ones((1, 6))), epochs=1)
    p = fs.initialize_parameters(4, 3, 1)
    with pytest.raises(TypeError, match=r"X must be dense, not sparse: convert it with X\.toarray"):
        fs.forward(GOOD, p)
    with pytest.raises(TypeError, match="X must be dense, not sparse"):
        fs.cost_and_gradients(GOOD, np.ones((1, 6)), p)
