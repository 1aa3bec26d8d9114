"""`accelerate`: scikit-learn's own MLP classes, where they have one hidden layer, trained by the kernels."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Any, NamedTuple

from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier
from sklearn.utils.validation import validate_data

from ..backends import backends
from .fitting import Extras, fit, formulas_of, outputs_of, units_of

Base: Any = MLPClassifier.__mro__[2]  # what both classes share; it has no public name
REPLACED = ("_fit", "_forward_pass_fast")
STEPS = (*REPLACED, "_fit_stochastic", "_fit_lbfgs", "_backprop", "_initialize", "_init_coef", "_forward_pass")


class Call(NamedTuple):
    """What an estimator did: ``"fit"`` or ``"predict"``, where (``"fastshallow"`` or ``"scikit-learn"``), and why."""

    estimator: str
    what: str
    where: str
    why: str


def accelerate() -> Acceleration:
    """Let scikit-learn's `MLPClassifier` and `MLPRegressor` train and predict with this package's kernels.

    It holds in this process, for estimators that exist already too, until ``undo()``, or the end of a ``with`` block.
    Those of more than one hidden layer, and subclasses that change how steps are taken, go on as before. Fitted
    attributes are scikit-learn's own, and so is everything that is remembered: what was fitted with the kernels can be
    fitted further, pickled and used without this package.

    Returns
    -------
    Acceleration
        ``calls`` lists what ran where, and why; printed, it counts them.

    Examples
    --------
    >>> with fs.accelerate() as ran:  # doctest: +SKIP
    ...     GridSearchCV(MLPClassifier(), {"alpha": [1e-4, 1e-2]}).fit(X, y)
    >>> print(ran)  # doctest: +SKIP
    MLPClassifier, fit: 11 by fastshallow (one hidden layer)
    """
    return Acceleration()


class Acceleration:
    """What `accelerate` has changed, and what ran since.

    Attributes
    ----------
    calls
        A `Call` for each fit and each prediction.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._before = {name: Base.__dict__[name] for name in REPLACED}
        acceleration, before = self, self._before

        def _fit(self: Any, X: Any, y: Any, sample_weight: Any = None, incremental: bool = False) -> Any:
            if acceleration._takes(self, "fit"):
                return fit(self, X, y, sample_weight, incremental, Extras())
            weights = {} if sample_weight is None else {"sample_weight": sample_weight}
            return before["_fit"](self, X, y, incremental=incremental, **weights)

        def _forward_pass_fast(self: Any, X: Any, check_input: bool = True) -> NDArray[Any]:
            if not acceleration._takes(self, "predict"):
                return before["_forward_pass_fast"](self, X, check_input=check_input)  # type: ignore[no-any-return]
            if check_input:
                X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
            return outputs_of(self, X, *formulas_of(self))

        Base._fit, Base._forward_pass_fast = _fit, _forward_pass_fast

    def undo(self) -> None:
        """Let scikit-learn's classes be as they were before."""
        for name, method in self._before.items():
            setattr(Base, name, method)

    def __enter__(self) -> Acceleration:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.undo()

    def __str__(self) -> str:
        counted = Counter(self.calls)
        lines = [
            f"{each.estimator}, {each.what}: {times} by {each.where} ({each.why})" for each, times in counted.items()
        ]
        return "\n".join(lines) or "nothing has run yet"

    def _takes(self, estimator: Any, what: str) -> bool:
        against = reason_against(estimator)
        where = "scikit-learn" if against else "fastshallow"
        self.calls.append(Call(type(estimator).__name__, what, where, against or "one hidden layer"))
        return against is None


def reason_against(estimator: Any) -> str | None:
    """Why the kernels can't take the place of scikit-learn's steps, if so."""
    changed = [name for name in STEPS if getattr(type(estimator), name) is not getattr(Base, name)]
    if changed:
        return f"a subclass with its own {', '.join(changed)}"
    sizes = [each.shape[1] for each in getattr(estimator, "coefs_", ())][:-1] or estimator.hidden_layer_sizes
    try:
        units_of(sizes)
    except ValueError:
        return f"hidden_layer_sizes is {sizes}, not one layer"
    fused = backends()["fused"]
    return None if fused.available else fused.about
