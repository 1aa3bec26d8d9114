"""scikit-learn's search over a grid, with the fits in threads."""

from __future__ import annotations

from typing import Any

from sklearn.model_selection import GridSearchCV

from .threads import in_threads


class ShallowSearchCV(GridSearchCV):
    """A search over a grid by cross-validation: scikit-learn's `GridSearchCV`, whose fits run in threads.

    It takes the same parameters, has the same attributes with the same values, and takes any estimator: those of this
    package, and pipelines of them, gain by it, since their kernels let other threads run. No process is started, which
    would import everything anew, and the data are not copied.

    Parameters
    ----------
    n_jobs
        Fits at once, each in one thread; None takes the processors.
    **others
        As for `GridSearchCV`: ``estimator``, ``param_grid``, ``scoring``, ``refit``, ``cv``, ``verbose``,
        ``pre_dispatch``, ``error_score``, ``return_train_score``.
    """

    def fit(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Search: see `GridSearchCV.fit`."""
        with in_threads(self.n_jobs):
            return super().fit(X, y, **params)
