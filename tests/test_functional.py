"""Arguments of all kinds: what can be used is, and whatever else gets one clear error by its name."""

import numpy as np
import pytest
from cases import make_case

import fastshallow as fs

SIZES = (2, 4, 1, 6)
BACKENDS = ("numpy", "fused", "auto")


@pytest.fixture(params=BACKENDS)
def backend(request):
    """A backend after a good call, so that its short way is open."""
    case = make_case(*SIZES)
    for _ in range(2):
        fs.cost_and_gradients(*case, backend=request.param)
    return request.param


X, Y, P = make_case(*SIZES)
TRANSPOSED = r"X has 6 rows, but W1 of shape \(4, 2\) takes 2 features; an example is a column: did you mean X\.T\?"
BAD = {
    "X transposed": ((X.T, Y, P), ValueError, TRANSPOSED),
    "X too tall": ((np.ones((3, 6)), Y, P), ValueError, r"X has 3 rows, but W1 of shape \(4, 2\) takes 2 features$"),
    "X flat": ((X[0], Y, P), ValueError, r"X must have two dimensions \(n_x, m\).*\(6,\); a single row is X\.reshape"),
    "X deep": ((X[None], Y, P), ValueError, r"X must have two dimensions .*\(1, 2, 6\)$"),
    "X a number": ((3.0, Y, P), ValueError, r"X must have two dimensions"),
    "X empty": ((X[:, :0], Y[:, :0], P), ValueError, r"X must not be empty, but its shape is \(2, 0\)"),
    "X without features": ((X[:0], Y, P._replace(W1=P.W1[:, :0])), ValueError, "X must not be empty"),
    "X objects": ((np.full((2, 6), object()), Y, P), TypeError, "X must hold real numbers, not object as at feature 0"),
    "X complex": ((X + 0j, Y, P), TypeError, "X must hold real numbers, not complex128"),
    "X texts": ((X.astype(str), Y, P), TypeError, "X must hold real numbers, not words such as"),
    "X None": ((None, Y, P), TypeError, "X must hold real numbers"),
    "X ragged": (([[1.0, 2.0], [3.0]], Y, P), ValueError, "X must be an array: "),
    "Y transposed": ((X, Y.T, P), ValueError, r"Y must have a column for each of X's 6 .*did you mean Y\.T\?"),
    "Y deep": ((X, Y[None], P), ValueError, r"Y must have two dimensions \(n_y, m\).*\(1, 1, 6\)$"),
    "Y too short": ((X, Y[:, :5], P), ValueError, r"Y must have a column for each of X's 6 examples.*\(1, 5\)$"),
    "Y too long": ((X, np.ones((1, 7)), P), ValueError, r"Y must have a column for each of X's 6 examples"),
    "Y too tall": ((X, np.ones((2, 6)), P), ValueError, r"Y must have a row for each of the 1 outputs of W2"),
    "Y complex": ((X, Y + 0j, P), TypeError, "Y must hold real numbers, not complex128"),
    "Y objects": ((X, np.full((1, 6), object()), P), TypeError, "Y must hold real numbers, not object as at output 0"),
    "Y beyond float32": (
        (X.astype("float32"), Y + 1e-12, P._replace(**{n: a.astype("float32") for n, a in P._asdict().items()})),
        TypeError,
        r"Y is float64, and float32, in which X is computed, does not hold its numbers exactly: convert it with Y",
    ),
    "p None": ((X, Y, None), TypeError, r"p must be fs\.Parameters \(W1, b1, W2, b2\), not NoneType"),
    "p too short": ((X, Y, tuple(P)[:3]), TypeError, r"p must be fs\.Parameters"),
    "W1 flat": ((X, Y, P._replace(W1=P.W1[0])), ValueError, r"W1 must have two dimensions.*\(2,\)"),
    "W1 complex": ((X, Y, P._replace(W1=P.W1 + 0j)), TypeError, "W1 must hold real numbers, not complex128"),
    "b1 flat": ((X, Y, P._replace(b1=P.b1[:, 0])), ValueError, "b1 must have two dimensions"),
    "b1 a row": (
        (X, Y, P._replace(b1=P.b1.T)),
        ValueError,
        r"b1 must have shape \(4, 1\) to fit W1 and W2, not \(1, 4\)",
    ),
    "W2 a column": ((X, Y, P._replace(W2=P.W2.T)), ValueError, r"must have shape"),
    "W2 too wide": ((X, Y, P._replace(W2=np.ones((1, 5)))), ValueError, r"W2 must have shape \(1, 4\).*not \(1, 5\)"),
    "b2 too long": ((X, Y, P._replace(b2=np.ones((2, 1)))), ValueError, r"b2 must have shape \(1, 1\).*not \(2, 1\)"),
    "b2 a number": ((X, Y, P._replace(b2=0.0)), ValueError, "b2 must have two dimensions"),
    "no outputs": ((X, Y[:0], P._replace(W2=P.W2[:0], b2=P.b2[:0])), ValueError, "W2 must have shape|Y must not be"),
    "no units": (
        (X, Y, fs.Parameters(P.W1[:0], P.b1[:0], P.W2[:, :0], P.b2)),
        ValueError,
        "W1 must have shape",
    ),
    "float64 parameters, float32 X": (
        (X.astype("float32"), Y.astype("float32"), P),
        TypeError,
        "W1 is float64, and float32, in which X is computed, does not hold its numbers .* or use float64 for X",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arrays(name, backend):
    arguments, error, message = BAD[name]
    with pytest.raises(error, match=message) as caught:
        fs.cost_and_gradients(*arguments, backend=backend)
    assert "\n" not in str(caught.value)
    if not name.startswith("Y") and name != "no outputs":
        with pytest.raises(error, match=message):
            fs.forward(arguments[0], arguments[2], backend=backend)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"backend": "cuda"},
            ValueError,
            "backend must be one of loops, examples, numpy, jit, fused or auto, not 'cuda'",
        ),
        ({"backend": None}, ValueError, "backend must be one of .* not None"),
        ({"backend": ["fused"]}, ValueError, r"backend must be one of .* not \['fused'\]"),
        ({"threads": 0}, ValueError, "threads must be 1 or more, not 0"),
        ({"threads": 1.0}, TypeError, "threads must be an integer, not 1.0"),
        ({"threads": True}, TypeError, "threads must be an integer, not True"),
        (
            {"hidden": "gelu"},
            ValueError,
            "hidden must be one of identity, sigmoid, tanh, relu, leaky_relu, .* or .* not 'gelu'",
        ),
        ({"hidden": np.tanh}, ValueError, "hidden must be one of"),
        ({"hidden": ["tanh"]}, ValueError, r"hidden must be one of .* not \['tanh'\]"),
        ({"output": "tanh"}, ValueError, "output must be one of sigmoid, softmax, identity, exp, not 'tanh'"),
        ({"output": {}}, ValueError, r"output must be one of .* not \{\}"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_bad_options(options, error, message):
    fs.cost_and_gradients(X, Y, P)
    fs.cost_and_gradients(X, Y, P, threads=1)
    with pytest.raises(error, match=message):
        fs.cost_and_gradients(X, Y, P, **options)
    with pytest.raises(error, match=message):
        fs.forward(X, P, **options)


def unaligned(a):
    raw = np.empty(a.nbytes + 1, np.uint8)[1:]
    view = raw.view(a.dtype).reshape(a.shape)
    view[...] = a
    return view


def odd_strides(a):
    """A field of packed records: its strides are no multiple of its item size."""
    records = np.zeros(a.shape, np.dtype([("skip", np.uint8), ("a", a.dtype)]))
    records["a"] = a
    return records["a"]


WHOLE = np.arange(12.0).reshape(2, 6) - 5
SAME = {
    "lists": lambda a: a.tolist(),
    "int64": lambda a: a.astype(np.int64),
    "int8": lambda a: a.astype(np.int8),
    "float16": lambda a: a.astype(np.float16),
    "longdouble": lambda a: a.astype(np.longdouble),
    "big-endian": lambda a: a.astype(">f8"),
    "Fortran": np.asfortranarray,
    "unaligned": unaligned,
    "odd strides": odd_strides,
    "matrix subclass": lambda a: a.view(type("Mine", (np.ndarray,), {})),
    "broadcast": lambda a: np.broadcast_to(a, (1, *a.shape))[0],
}


@pytest.mark.parametrize("kind", SAME)
def test_what_is_accepted(kind, backend):
    number = np.dtype("float32" if kind in ("int8", "float16") else "float64")
    p = fs.Parameters(*(each.astype(number) for each in P))
    expected = fs.cost_and_gradients(WHOLE.astype(number), Y.astype(number), p, backend=backend)
    convert = SAME[kind]
    answer = fs.cost_and_gradients(convert(WHOLE), convert(Y), p, backend=backend)
    assert answer[0] == pytest.approx(expected[0], rel=1e-14)
    for mine, right in zip(answer[1], expected[1], strict=True):
        assert type(mine) is np.ndarray and mine.dtype == number
        np.testing.assert_allclose(mine, right, rtol=1e-12, atol=1e-15)
    A2 = fs.forward(convert(WHOLE), p, backend=backend)
    assert A2.dtype == number
    np.testing.assert_allclose(A2, fs.forward(WHOLE.astype(number), p, backend=backend), rtol=1e-14)


@pytest.mark.parametrize("kind", [kind for kind in SAME if kind not in ("int64", "int8", "float16")])
def test_parameters_of_any_kind(kind, backend):
    expected = fs.cost_and_gradients(X, Y, P, backend=backend)
    odd = fs.Parameters(*map(SAME[kind], P))
    answer = fs.cost_and_gradients(X, Y, odd, backend=backend)
    assert answer[0] == pytest.approx(expected[0], rel=1e-14)
    for each in P:
        each.flags.writeable = False
    try:
        assert fs.cost_and_gradients(X, Y, P, backend=backend)[0] == expected[0]
        assert fs.cost_and_gradients(X, Y, tuple(P), backend=backend)[0] == expected[0]
    finally:
        for each in P:
            each.flags.writeable = True


def test_float32_is_kept(backend):
    case = make_case(*SIZES, "float32")
    cost, gradients = fs.cost_and_gradients(*case, backend=backend)
    assert isinstance(cost, float)
    assert {each.dtype for each in gradients} == {np.dtype("float32")}
    assert fs.forward(case[0], case[2], backend=backend).dtype == np.float32


def test_nothing_that_is_given_is_changed(backend):
    given = [X, Y, *P]
    before = [each.copy() for each in given]
    fs.cost_and_gradients(X, Y, P, backend=backend)
    fs.forward(X, P, backend=backend)
    assert all(map(np.array_equal, given, before))


def test_answers_are_the_callers_own(backend):
    """A later call must not write into what an earlier one gave."""
    one, A2 = fs.cost_and_gradients(X, Y, P, backend=backend), fs.forward(X, P, backend=backend)
    kept = [each.copy() for each in (*one[1], A2)]
    fs.cost_and_gradients(2 * X, Y, P, backend=backend)
    fs.forward(2 * X, P, backend=backend)
    assert all(map(np.array_equal, (*one[1], A2), kept))


class Dataset:
    """As files of arrays give them: with a dtype and a shape, but an array only once it is read."""

    def __init__(self, a):
        self.a, self.dtype, self.shape, self.ndim = a, a.dtype, a.shape, a.ndim

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.a, dtype)


def test_only_arrays_reach_the_kernel(monkeypatch):
    """It reads their memory without a question, so that anything else would end the process."""
    from fastshallow.backends import fused

    right = fs.cost_and_gradients(X, Y, P)
    run, kinds = fused.cost_and_gradients, set()

    def recorded(X, Y, p, *rest):
        kinds.update(map(type, (X, Y, *p)))
        return run(X, Y, p, *rest)

    monkeypatch.setattr(fused, "cost_and_gradients", recorded)
    given = [X, Y, *P]
    for i in range(6):
        odd = [*given[:i], Dataset(given[i]), *given[i + 1 :]]
        cost, gradients = fs.cost_and_gradients(odd[0], odd[1], fs.Parameters(*odd[2:]))
        assert cost == right[0] and all(map(np.array_equal, gradients, right[1]))
    assert kinds == {np.ndarray}


@pytest.mark.parametrize("shape", [(), (8,), (64,), (8, 8, 1), (1, 8, 8)], ids=str)
def test_two_dimensions_after_a_call_that_was_right(shape):
    """The kernel looks at the arrays of a second call itself: what lies behind a single stride is no second one."""
    right, p = np.full((8, 8), 0.5), fs.initialize_parameters(8, 4, 8, seed=1)
    fs.cost_and_gradients(right, right, p)
    fs.forward(right, p)
    wrong = np.full(shape, 0.5)
    calls = [lambda: fs.cost_and_gradients(wrong, right, p), lambda: fs.cost_and_gradients(right, wrong, p)]
    for name, call in zip("XYX", [*calls, lambda: fs.forward(wrong, p)], strict=True):
        with pytest.raises(ValueError, match=f"^{name} must have"):
            call()
    for i in range(4):
        given = [*p]
        given[i] = given[i][None]
        with pytest.raises(ValueError, match=f"^{p._fields[i]} must have"):
            fs.cost_and_gradients(right, right, fs.Parameters(*given))


def test_an_odd_dtype_compiles_nothing(monkeypatch):
    from fastshallow.kernels import units

    P32 = fs.Parameters(*(each.astype(np.float32) for each in P))
    fs.cost_and_gradients(X, Y, P)
    fs.cost_and_gradients(X.astype(np.float32), Y.astype(np.float32), P32)
    monkeypatch.setattr(units, "_made", lambda *_: pytest.fail("it compiles"))
    for dtype in (np.int64, np.float16, np.bool_, ">f8"):
        fs.cost_and_gradients(X.astype(dtype), Y, P32 if dtype in (np.float16, np.bool_) else P)
        fs.cost_and_gradients(X.astype(dtype), Y.astype(dtype), fs.Parameters(*(w.astype(dtype) for w in P)))


def test_backends_are_listed():
    listed = fs.backends()
    assert list(listed) == ["loops", "examples", "numpy", "jit", "fused", "auto"]
    assert all(each.available and str(each) == each.about for each in listed.values())
