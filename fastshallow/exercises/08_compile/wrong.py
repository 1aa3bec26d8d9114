"""Submissions that must fail, and why."""

from ..format import Wrong

WRONG = (
    Wrong(
        "tanh in the loop",
        "calls tanh",
        {"Z1[j, t] = z": "Z1[j, t] = np.tanh(z)", "    np.tanh(A1, out=A1)\n": ""},
    ),
    Wrong(
        "NumPy alone",
        "Numba compiles nothing",
        {"@numba.njit\n": "", "    fill(X, W1, b1, A1)": "    A1[...] = W1 @ X + b1"},
    ),
    Wrong("not compiled", "there is a loop over examples", {"@numba.njit\n": ""}),
    Wrong("tanh twice", "tanh is taken twice", {"Z1[j, t] = z": "Z1[j, t] = np.tanh(z)"}),
    Wrong("z set too early", "begins as b1[j, 0]", {"z = b1[j, 0]": "z = 0.0"}),
    Wrong("always float64", "should stay float32", {", X.dtype": ""}),
    Wrong(
        "the shipped kernels",
        "imports fastshallow.kernels",
        {"import numba\n": "import fastshallow.kernels\nimport numba\n"},
    ),
)
