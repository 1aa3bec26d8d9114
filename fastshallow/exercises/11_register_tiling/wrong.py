"""Submissions that must fail, and why."""

from ..format import Wrong

WRONG = (
    Wrong("rows left out", "last rows are left out", {"    add(W[J:], X, Z[J:])\n": ""}),
    Wrong(
        "no tile",
        "multiply-adds for each reading",
        {"% 4, n_x - n_x % 2": "* 1, 0", "    add_tiles(W[:J, :K], X[:K], Z[:J])\n": ""},
    ),
    Wrong(
        "NumPy's product", "Numba compiles nothing", {"@numba.njit": "# ", "    return Z": "    return np.matmul(W, X)"}
    ),
    Wrong("a feature left out", "and should be", {"    add(W[:J, K:], X[K:], Z[:J])\n": ""}),
    Wrong("not zeros", "Z begins as ones", {"np.zeros((": "np.ones(("}),
    Wrong("not compiled", "there is a loop over", {"@numba.njit": "# "}),
)
