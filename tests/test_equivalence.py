"""Every backend gives the reference's answer: for every activation, output, dtype, memory order and size.

The reference runs in float64 on the very numbers that the backend gets: the tolerance is for the backend's rounding.
"""

import itertools

import numpy as np
import pytest
from cases import ACTIVATIONS, DTYPES, ORDERS, OUTPUTS, for_long, make_case, ordered
from shapes import fitted
from tolerance import tolerance

import fastshallow as fs
from fastshallow.backends import dispatch, fused
from fastshallow.formulas.activations import activation
from fastshallow.formulas.losses import output_layer

# Each combination of formulas compiles for seconds: by default each runs in one arrangement of the lanes at least, and
# each arrangement sees every activation, and every output in every dtype.
ARRANGEMENTS = ("examples", "units", "features")
FEW = ("features", 30, 37, 2, 5)


def exact(n_x, n_h, n_y, dtype):
    """Sizes that have a kernel of their own: with these many hidden units, or about as many."""
    return fitted("exact", (n_x, n_h, n_y, 100), 100, dtype)[1][:3]


def as_float64(X, Y, p):
    return X.astype(np.float64), Y.astype(np.float64), fs.Parameters(*(a.astype(np.float64) for a in p))


def scales(X, Y, p, hidden, output):
    """What rounding errors are proportional to: the sums behind the cost and each gradient, of absolute values."""
    g = activation(hidden)
    m = X.shape[1]
    A2 = fs.forward(X, p, hidden, output, backend="numpy")
    Z1 = p.W1 @ X + p.b1
    A1 = g.value(Z1)
    size = 1.0 + np.abs(p.W1) @ np.abs(X) + np.abs(p.b1)  # of Z1: its rounding goes through g and W2
    slope = np.maximum(A2, 1.0) if output == "exp" else 1.0
    dZ2 = np.abs(A2 - Y) + np.abs(A2) + slope * (np.abs(p.W2) @ size)
    dZ1 = np.abs(p.W2).T @ dZ2 * np.maximum(np.abs(g.derivative(Z1, A1)), 0.1)
    cost = 1.0 + (dZ2 * (1.0 + np.abs(Y))).sum() / m + (dZ2**2).sum() / m
    gradients = dZ1 @ np.abs(X).T, dZ1.sum(1, keepdims=True), dZ2 @ (np.abs(A1) + 1.0).T, dZ2.sum(1, keepdims=True)
    return cost, tuple(np.maximum(gradient / m, 1e-30) for gradient in gradients)


def worst(case, answer, hidden, output):
    """The largest error of an answer, in eps of its dtype times the scale of rounding."""
    X, Y, p = as_float64(*case)
    cost, gradients = fs.cost_and_gradients(X, Y, p, hidden, output, backend="numpy")
    scale, gradient_scales = scales(X, Y, p, hidden, output)
    dtype = case[0].dtype
    errors = [abs(answer[0] - cost) / tolerance(dtype, scale, 1.0)]
    for mine, right, size in zip(answer[1], gradients, gradient_scales, strict=True):
        assert mine.dtype == dtype and mine.shape == right.shape
        errors.append((np.abs(mine - right) / (size * tolerance(dtype, 1.0, 1.0))).max())
    assert np.isfinite(errors).all()
    return max(errors)


def check(case, backend, hidden, output, limit=4.0):
    X, Y, p = case
    answer = fs.cost_and_gradients(X, Y, p, hidden, output, backend=backend)
    assert worst(case, answer, hidden, output) <= limit
    if backend == "fused":
        fs.cost_and_gradients(0.5 * X, Y, p, hidden, output, backend=backend)  # leaves other numbers behind
    A2 = fs.forward(X, p, hidden, output, backend=backend)
    right = fs.forward(*as_float64(X, Y, p)[::2], hidden, output, backend="numpy")
    assert A2.dtype == X.dtype and A2.shape == right.shape
    size = np.abs(p.W2) @ (1.0 + np.abs(p.W1) @ np.abs(X) + np.abs(p.b1))
    size = 1.0 + np.abs(right) + size * (np.maximum(right, 1.0) if output == "exp" else 1.0)
    assert (np.abs(A2 - right) <= tolerance(X.dtype, 1.0, limit) * size).all()


@pytest.fixture
def arranged(monkeypatch):
    """Make the fused backend use one arrangement, small tiles, chunks, groups and shares, whatever the shape."""

    def use(arrangement):
        def plan(n_x, n_h, n_y, m, itemsize, lanes, numbers=None):
            tile = 64 if arrangement == "examples" else 32
            group = m if arrangement == "features" else tile * max(3, -(-m // (16 * tile)))
            return dispatch.make_plan(n_x, n_h, n_y, m, itemsize, lanes)._replace(
                arrangement=arrangement, tile=tile, chunk=2 * tile, group=group, groups=-(-m // group), shares=3
            )

        monkeypatch.setattr(fused, "make_plan", plan)
        fused._thread.calls.clear()

    yield use
    fused._thread.calls.clear()


# ---- all backends ----


def crossed(backend):
    """Every activation with every output in every dtype."""
    return list(itertools.product([backend], ACTIVATIONS, OUTPUTS, DTYPES))


# Numba compiles each for seconds: by default every activation and every output in every dtype, in pairs by turns.
TYPED = [
    ("jit", hidden, OUTPUTS[(i + j) % len(OUTPUTS)], dtype)
    for i, hidden in enumerate(ACTIVATIONS)
    for j, dtype in enumerate(DTYPES)
]


@pytest.mark.parametrize(
    ("backend", "hidden", "output", "dtype"),
    [*crossed("loops"), *crossed("examples"), *TYPED, *for_long(sorted(set(crossed("jit")) - set(TYPED)))],
)
def test_every_formula_on_every_backend(backend, hidden, output, dtype):
    for n_x, n_h, n_y, m in ((3, 5, 2, 1), (3, 5, 2, 9), (7, 6, 3, 20)):
        check(make_case(n_x, n_h, n_y, m, dtype, output), backend, hidden, output)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", ["loops", "examples", "numpy", "jit", "fused"])
def test_every_memory_order(backend, dtype, order, tmp_path):
    for arrangement, *shape in (("exact", 2, 4, 1, 33), ("examples", 9, 11, 2, 33), ("units", 30, 37, 2, 33), FEW):
        _, sizes, m, _ = fitted(arrangement, shape, shape[-1], dtype)
        X, Y, p = make_case(*sizes[:3], m, dtype)
        answer = fs.cost_and_gradients(X, Y, p, backend=backend)
        case = ordered(X, order, tmp_path), ordered(Y, order if order != "memmap" else "F"), p
        same = fs.cost_and_gradients(*case, backend=backend)
        assert worst((X, Y, p), same, "tanh", "sigmoid") <= 4.0
        assert same[0] == pytest.approx(answer[0], rel=1e-6)
        check(case, backend, "tanh", "sigmoid")


# ---- the fused kernels: each arrangement, at sizes that straddle every tile ----


def spread():
    """(arrangement, hidden, output, dtype) to test: each combination of formulas in one arrangement at least."""
    combinations = list(itertools.product(ACTIVATIONS, OUTPUTS, DTYPES))
    others = [hidden for hidden in ACTIVATIONS if hidden != "tanh"]
    chosen = []
    for turn, arrangement in enumerate(ARRANGEMENTS):
        chosen += [(arrangement, "tanh", "sigmoid", dtype) for dtype in DTYPES]
        pairs = list(itertools.product(("softmax", "identity", "exp"), DTYPES))
        for i in range(max(len(pairs), len(others))):
            chosen.append((arrangement, others[(i + turn) % len(others)], *pairs[i % len(pairs)]))
    taken = {each[1:] for each in chosen}
    return [("exact", *each) for each in combinations if each not in taken] + chosen


def rest():
    """All others."""
    return sorted(set(itertools.product(("exact", *ARRANGEMENTS), ACTIVATIONS, OUTPUTS, DTYPES)) - set(spread()))


@pytest.mark.parametrize(("arrangement", "hidden", "output", "dtype"), [*spread(), *for_long(rest())])
def test_every_formula_in_an_arrangement(arranged, arrangement, hidden, output, dtype):
    if arrangement == "exact":
        for m in (1, 50, 700):
            case = make_case(*exact(3, 4, 3, dtype), m, dtype, output)
            answer = fs.cost_and_gradients(*case, hidden, output, backend="fused")
            assert worst(case, answer, hidden, output) <= 4.0, m
        return
    arranged(arrangement)
    for sizes in ((5, 19, 3, 1), (17, 33, 2, 31), (33, 50, 9, 70), (9, 16, 8, 200)):
        check(make_case(*sizes, dtype, output), "fused", hidden, output)


def test_the_spread_leaves_nothing_out():
    assert {(hidden, dtype) for _, hidden, _, dtype in TYPED} == set(itertools.product(ACTIVATIONS, DTYPES))
    assert {(output, dtype) for _, _, output, dtype in TYPED} == set(itertools.product(OUTPUTS, DTYPES))
    assert {each[1:] for each in spread()} == set(itertools.product(ACTIVATIONS, OUTPUTS, DTYPES))
    for arrangement in ("exact", *ARRANGEMENTS):
        seen = [each[1:] for each in spread() if each[0] == arrangement]
        assert {each[0] for each in seen} == set(ACTIVATIONS)
        assert {each[1:] for each in seen} == set(itertools.product(OUTPUTS, DTYPES))


SIZES = {
    "n_x": (1, 2, 7, 8, 9, 15, 16, 17, 24, 47, 48, 49, 130),
    "n_h": (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 97, 130),
    "n_y": (1, 2, 3, 4, 5, 7, 8, 9, 10, 16, 17, 26),
    "m": (1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 129, 191, 192, 193, 258, 1026, 3001),
}


@pytest.mark.kernels
@pytest.mark.parametrize("varied", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_sizes_that_straddle_every_tile(arranged, arrangement, dtype, varied):
    arranged(arrangement)
    for size in SIZES[varied]:
        sizes = {"n_x": 9, "n_h": 11, "n_y": 2, "m": 21} | {varied: size}
        for order in ("C", "F"):
            X, Y, p = make_case(*sizes.values(), dtype)
            case = ordered(X, order), ordered(Y, order), p
            answer = fs.cost_and_gradients(*case, backend="fused")
            assert worst(case, answer, "tanh", "sigmoid") <= 4.0, sizes


@pytest.mark.kernels
@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((1, 1, 1), "float32"),
        ((2, 4, 1), "float32"),
        ((2, 4, 1), "float64"),
        ((3, 2, 5), "float64"),
        ((1, 9, 2), "float32"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value)),
)
def test_exact_sizes(shape, dtype):
    shape = exact(*shape, dtype)
    for m in (*SIZES["m"], 8191, 8193, 20000):
        for order in ("C", "F"):
            X, Y, p = make_case(*shape, m, dtype)
            case = ordered(X, order), ordered(Y, order), p
            answer = fs.cost_and_gradients(*case, backend="fused")
            assert worst(case, answer, "tanh", "sigmoid") <= 4.0, m


@pytest.mark.kernels
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 4, 1), (20, 30, 3), (30, 64, 1), (784, 128, 10), (200, 10, 1), (300, 300, 2)])
def test_shapes_as_dispatched(shape, dtype):
    for m in (1, 5, 64, 1000, 4099 if shape[0] < 100 else 300):
        case = make_case(*shape, m, dtype)
        answer = fs.cost_and_gradients(*case, backend="fused")
        assert worst(case, answer, "tanh", "sigmoid") <= 4.0, m


@pytest.mark.kernels
@pytest.mark.parametrize("dtype", DTYPES)
def test_features_that_straddle_every_block(dtype):
    """Tiles of 128 examples, whose features come in four blocks or more from `whole` on."""
    whole = 2**20 // (128 * np.dtype(dtype).itemsize)
    block = whole // 4
    for n_x in (whole - 1, whole, whole + 1, whole + 8, 5 * block - 1, 5 * block, 5 * block + 1, 9 * block + 7):
        plan = fs.explain(n_x, 33, 2, 250, dtype).plan
        assert (plan.arrangement, plan.tile) == ("units", 128)
        for order in ("C", "F", "strided"):
            X, Y, p = make_case(n_x, 33, 2, 250, dtype)
            check((ordered(X, order), Y, p), "fused", "tanh", "sigmoid")


@pytest.mark.kernels
@pytest.mark.parametrize("dtype", DTYPES)
def test_features_used_where_they_are(dtype):
    units = fitted("examples", (127, 5, 2, 41), 41, dtype)[1][1]
    for n_x in (127, 128, 129, 145, 159, 160, 161):
        for n_h, m in itertools.product((1, 2, units), (41, 63, 64, 65, 129, 1023, 1025, 2100)):
            assert fs.explain(n_x, n_h, 2, m, dtype).plan.arrangement == "examples"
            for order in ("C", "F", "strided"):
                X, Y, p = make_case(n_x, n_h, 2, m, dtype)
                check((ordered(X, order), Y, p), "fused", "tanh", "sigmoid")


# ---- a wrong kernel is found ----


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", fs.Parameters._fields)
def test_the_tolerance_finds_a_wrong_gradient(dtype, name):
    case = make_case(9, 11, 2, 21, dtype)
    cost, gradients = fs.cost_and_gradients(*case, backend="numpy")
    assert worst(case, (cost, gradients), "tanh", "sigmoid") <= 4.0
    wrong = getattr(gradients, name).copy()
    index = np.unravel_index(np.abs(wrong).argmax(), wrong.shape)
    wrong[index] *= 1 + 5000 * np.finfo(dtype).eps  # one entry, wrong in its last digits
    assert worst(case, (cost, gradients._replace(**{name: wrong})), "tanh", "sigmoid") > 4.0


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_tolerance_finds_a_wrong_cost(dtype):
    case = make_case(9, 11, 2, 21, dtype)
    cost, gradients = fs.cost_and_gradients(*case, backend="numpy")
    assert worst(case, (cost * (1 + 2000 * np.finfo(dtype).eps), gradients), "tanh", "sigmoid") > 4.0


@pytest.mark.parametrize("arrangement", ["exact", *ARRANGEMENTS])
def test_the_tests_find_a_wrong_kernel(arranged, arrangement):
    if arrangement != "exact":
        arranged(arrangement)
    nearly = fs.Activation("nearly_tanh", lambda z: np.tanh(z), lambda z, a: 1.0 - 0.999999 * a * a)
    case = make_case(*(exact(3, 4, 3, "float64") if arrangement == "exact" else (9, 11, 2)), 21)
    answer = fs.cost_and_gradients(*case, hidden=nearly, backend="fused")
    assert worst(case, answer, "tanh", "sigmoid") > 4.0


def test_a_last_example_left_out_is_found():
    X, Y, p = make_case(9, 11, 2, 3001)
    cost, gradients = fs.cost_and_gradients(X[:, :-1], Y[:, :-1], p, backend="fused")
    assert worst((X, Y, p), (cost, gradients), "tanh", "sigmoid") > 4.0


def test_outputs_of_user_objects_are_those_of_names():
    case = make_case(3, 5, 2, 9)
    named = fs.cost_and_gradients(*case, hidden="tanh", output="sigmoid")
    given = fs.cost_and_gradients(*case, hidden=activation("tanh"), output=output_layer("sigmoid"))
    assert named[0] == given[0]
