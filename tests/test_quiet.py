"""Infinity and NaN show in the cost, and tiny numbers become 0: nothing warns or raises, whatever NumPy is set to.

Warnings are errors in all tests; here floating-point errors are, too, or warn.
"""

import subprocess
import sys

import numpy as np
import pytest
from cases import ACTIVATIONS, OUTPUTS, make_case

import fastshallow as fs
from fastshallow import formulas
from fastshallow.training import score_of

BACKENDS = ("loops", "examples", "numpy", "jit", "fused")
KINDS = ("large", "small", "huge")


@pytest.fixture(params=["warn", "raise"], autouse=True)
def errors(request):
    with np.errstate(all=request.param):
        yield request.param


def case(kind, dtype="float64", output="sigmoid", n_y=2, m=7):
    """Data and parameters that overflow in products, underflow in products, or overflow in single functions."""
    with np.errstate(all="ignore"):
        X, Y, p = make_case(3, 4, n_y, m, dtype, output)
        big = np.sqrt(np.finfo(dtype).max)
        factor = {"large": 1e3, "small": 4.0 / big, "huge": 4.0 * big}[kind]
        p = fs.Parameters(*(np.ascontiguousarray(each * factor, dtype) for each in p))
        return (X * factor).astype(dtype), Y, p


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_step_and_a_prediction(backend, output):
    """Compiled code is quiet, whatever it computes; what calls it is the same for all."""
    compiles = backend in ("jit", "fused")
    for dtype in ("float64",) if compiles else ("float32", "float64"):
        for hidden in ("tanh", "relu") if compiles else ACTIVATIONS:
            for kind in KINDS:
                X, Y, p = case(kind, dtype, output)
                A2 = fs.forward(X, p, hidden, output, backend=backend)
                cost, gradients = fs.cost_and_gradients(X, Y, p, hidden, output, backend=backend)
                assert A2.shape == Y.shape and type(cost) is float and gradients.W1.shape == p.W1.shape
                net = fs.Network(p, formulas.activation(hidden), formulas.output_layer(output))
                if np.isnan(A2).any():
                    with pytest.raises(ValueError, match="scores are NaN"):
                        net.predict(X, backend=backend)
                else:
                    assert net.predict(X, backend=backend).shape[1] == X.shape[1]
                if output not in ("identity", "exp"):
                    np.testing.assert_array_equal(net.predict_proba(X, backend=backend, allow_nan=True), A2)


OPTIONS = {
    "plain": {},
    "batches": {"batch_size": 3, "l2": 0.1, "clip_norm": 1.0},
    "rates": {"learning_rate": fs.StepDecay(1e-300, every=1, factor=1e-300)},
    "fast": {"learning_rate": 1e300},
    "weights": {"sample_weight": np.geomspace(1e-300, 1.0, 7), "class_weight": {0: 1e-5}},
    "dropout": {"dropout": 0.5},
    "slope": {"hidden": fs.leaky_relu(slope="learn")},
}
REFUSED = dict.fromkeys(("loops", "examples", "jit"), ("weights", "dropout", "slope"))
REFUSED["lbfgs"] = ("batches", "dropout", "slope")


@pytest.mark.filterwarnings("ignore:features should have mean 0", "ignore:training ends at a cost")
@pytest.mark.parametrize("optimizer", formulas.OPTIMIZERS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_training_ends_or_diverges(backend, optimizer):
    ended = {True: 0, False: 0}
    for name in OPTIONS.keys() - {*REFUSED.get(backend, ()), *REFUSED.get(optimizer, ())}:
        output, n_y = ("sigmoid", 1) if name == "weights" else ("identity", 2)
        V, U, _ = case("huge", output=output, n_y=n_y, m=5)
        settings = {"epochs": 4, "optimizer": optimizer, "backend": backend, "output": output, "patience": 4}
        for kind in KINDS:
            X, Y, p = case(kind, output=output, n_y=n_y)
            try:
                net = fs.train(X, Y, parameters=p, validation=(V, U), **settings | OPTIONS[name])
                assert all(np.isfinite(each).all() for each in net.parameters)
            except fs.DivergenceError as error:
                assert "became" in str(error)
                ended[False] += 1
            else:
                ended[True] += 1
    assert all(ended.values())  # the cases are severe, but not too severe


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_diverging_regression_says_so(backend):
    """The validation cost overflows before the training cost does."""
    X, Y, p = make_case(3, 4, 2, 40, output="identity")
    options = {"output": "identity", "hidden": "identity", "learning_rate": 50.0, "parameters": p, "backend": backend}
    with pytest.raises(fs.DivergenceError, match="the cost became"):
        fs.train(X, Y, epochs=500, validation=(1e150 * X, Y), **options)


def test_scores():
    """R2, of numbers whose squares overflow, or underflow."""
    Y = np.array([[1.0, 2.0, 4.0]])
    assert score_of(formulas.OUTPUTS["identity"], 1e200 * Y, Y) == -np.inf
    assert np.isnan(score_of(formulas.OUTPUTS["identity"], 1e-200 * Y, 1e-200 * Y))  # no spread is left
    assert score_of(formulas.OUTPUTS["identity"], Y, Y) == 1.0


@pytest.mark.parametrize("backend", ["numpy", "fused"])
@pytest.mark.parametrize("kind", KINDS)
def test_sparse(backend, kind):
    sparse = pytest.importorskip("scipy.sparse")
    X, Y, p = case(kind)
    columns = sparse.csc_array(X * (np.abs(X) > np.median(np.abs(X))))
    try:
        net = fs.train(columns, Y, epochs=3, parameters=p, backend=backend, l2=0.1, batch_size=3, validation=0.3)
    except fs.DivergenceError:
        return
    assert net.predict(columns, backend=backend).shape == Y.shape


def test_whoever_is_called_back_keeps_their_own_settings(errors):
    seen = []
    X, Y, p = make_case(2, 4, 1, 40)
    fs.train(X, Y, epochs=2, parameters=p, backend="numpy", callbacks=lambda progress: seen.append(np.geterr()))
    assert seen == [dict.fromkeys(("divide", "over", "under", "invalid"), errors)] * 2


@pytest.mark.parametrize("errors", ["raise"], indirect=True)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_process_that_takes_no_warning(backend):
    """Importing and compiling are quiet as well."""
    code = (
        "import numpy as np\nnp.seterr(all='raise')\nimport fastshallow as fs\n"
        "X, Y = fs.datasets.planar_flower(40)\n"
        f"net = fs.train(X, Y, epochs=3, seed=2, validation=0.1, backend={backend!r})\n"
        "assert net.predict(X).shape == Y.shape\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=300)
