"""The solver L-BFGS: SciPy's, as scikit-learn calls it, with the kernels' cost and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.optimize
import scipy.sparse
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from ..backends import named_backend
from ..formulas import Parameters
from ..training import Settings, regularized
from .threads import warn
from .updates import parameters_of, set_parameters


def minimize(estimator: Any, X: Any, y: NDArray[Any], weights: Any, settings: Settings, threads: int | None) -> None:
    """Fit an estimator to X (m, n_x), y (m, n_y). It is computed in float64, as SciPy does."""
    m, n_y = y.shape
    sparse = scipy.sparse.issparse(X)
    X, Y = X.T.astype(np.float64, copy=False), y.T.astype(np.float64)
    total, options = float(m), {}
    if weights is not None:
        total = float(weights.sum())
        options["weights"] = weights * (m / total)
    module: Any = named_backend("numpy" if sparse else settings.backend)
    dtype, start = estimator.coefs_[0].dtype, parameters_of(estimator, np.float64)
    shapes, ends = [each.shape for each in start], np.cumsum([each.size for each in start])[:-1]

    def unpacked(w: NDArray[Any]) -> Parameters:
        parts = zip(np.split(w, ends), shapes, strict=True)
        return Parameters(*(np.ascontiguousarray(part).reshape(shape) for part, shape in parts))

    def cost_and_gradient(w: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        p = unpacked(w)
        cost, gradients = module.cost_and_gradients(X, Y, p, settings.hidden, settings.output, threads, **options)
        cost, gradients = regularized(cost, Parameters(*gradients), p, settings.l2, total)
        return cost, np.concatenate([each.ravel() for each in gradients])

    result = scipy.optimize.minimize(
        cost_and_gradient,
        np.concatenate([each.ravel() for each in start]),
        method="L-BFGS-B",
        jac=True,
        options={"maxfun": estimator.max_fun, "maxiter": estimator.max_iter, "gtol": estimator.tol},
    )
    if result.status != 0:
        warn(
            f"lbfgs failed to converge after {result.nit} iteration(s) (status={result.status}):\n{result.message}\n"
            "Increase the number of iterations (max_iter) or scale the features.",
            ConvergenceWarning,
            stacklevel=5,
        )
    p = unpacked(result.x)
    estimator.n_iter_, estimator.loss_ = min(int(result.nit), estimator.max_iter), float(result.fun)
    if settings.averaged:  # what is minimized is the sum over outputs, whose gradients these are
        penalty = settings.l2 / (2.0 * total) * (np.sum(p.W1**2) + np.sum(p.W2**2))
        estimator.loss_ = float((result.fun - penalty) / n_y + penalty)
    set_parameters(estimator, Parameters(*(each.astype(dtype) for each in p)))
