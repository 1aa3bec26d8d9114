"""`ShallowClassifier` and `ShallowRegressor`: scikit-learn's MLPs with one hidden layer, trained by the kernels."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from ..formulas import Activation, Schedule, schedule
from ..training import Network, Target
from .answering import answer_of, prediction_of
from .callbacks import CallbackSupportMixin, fit_told, with_callbacks
from .fitting import Extras, fit, formulas_of, network_of, outputs_of
from .labels import accuracy, binarized, plain

DOCS = Path(__file__).parent.parent / "docs" / "from_scikit_learn.md"


def _take(estimator: Any, arguments: dict[str, Any]) -> None:
    """Keep the arguments of a constructor, as they are, under their names."""
    estimator.__dict__.update({name: value for name, value in arguments.items() if name not in ("self", "__class__")})


class _Shallow(CallbackSupportMixin):
    """What both estimators do otherwise than scikit-learn's."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **MLPClassifier._parameter_constraints,
        "activation": [StrOptions({"identity", "logistic", "tanh", "relu", "leaky_relu", "softplus"}), Activation],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"}), Schedule, callable],
        "warm_start": ["boolean", StrOptions({"optimizer"})],
        "slope": [Interval(Real, 0, 1, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "threads": [Interval(Integral, 1, None, closed="left"), None],
        "scoring": [str, callable, None],
        "callbacks": [callable, "array-like", None],
    }

    def _extras(self, validation: Any = None) -> Extras:
        self_: Any = self
        rate, callbacks = self_.learning_rate, self_.callbacks
        return Extras(
            slope=self_.slope,
            schedule=None if isinstance(rate, str) else schedule(rate),
            dropout=float(self_.dropout),
            threads=self_.threads,
            class_weight=getattr(self, "class_weight", None),
            keep_optimizer=self_.warm_start == "optimizer",
            validation_loss=True,
            callbacks=() if callbacks is None else (callbacks,) if callable(callbacks) else tuple(callbacks),
            validation=validation,
        )

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Any:
        """Fit the network to examples.

        Parameters
        ----------
        X : (m, n_x) array, table or sparse matrix
            Examples as rows.
        y : (m,) or (m, n_y)
            Labels, rows of labels (0 or 1), or numbers.
        sample_weight : (m,)
            How much each example counts.
        X_val, y_val, sample_weight_val
            Examples that are not learnt from: their loss after each epoch goes into ``validation_loss_curve_``. With
            ``early_stopping=True`` their score decides when to stop, and nothing is held out of X.

        Returns
        -------
        self
        """
        validation = None
        if X_val is not None or y_val is not None:
            validation = X_val, y_val, sample_weight_val
        elif sample_weight_val is not None:
            raise ValueError("sample_weight_val needs X_val and y_val")
        with fit_told(self, X, y, {} if sample_weight is None else {"sample_weight": sample_weight}):
            return fit(self, X, y, sample_weight, False, self._extras(validation))

    @property
    def network_(self) -> Network:
        """A copy as an `fs.Network`, which saves and converts itself; its examples are columns."""
        check_is_fitted(self)
        network = network_of(self, *formulas_of(self, self.slope))
        classes = getattr(self, "classes_", None)
        if classes is None:
            return network
        return replace(network, target=Target("", tuple(map(str, classes))))

    def _forward_pass_fast(self, X: Any, check_input: bool = True) -> NDArray[Any]:
        """The outputs (m, n_y) for X (m, n_x)."""
        if check_input:
            X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        self_: Any = self
        return outputs_of(self, X, *formulas_of(self, self_.slope), self_.threads)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the labels, or the numbers, of examples: rows of X (m, n_x)."""
        answer = answer_of(self, X)
        found = None if answer is None else prediction_of(self, answer)
        return super().predict(X) if found is None else found

    @classmethod
    @cache  # of the constructor's signature, which is read several times a fit
    def _get_param_names(cls) -> list[str]:
        names: list[str] = super()._get_param_names()
        return names

    def _get_doc_link(self) -> str:
        return f"{DOCS.as_uri()}"


class ShallowClassifier(_Shallow, MLPClassifier):
    """A classifier with one hidden layer: scikit-learn's `MLPClassifier`, trained by compiled kernels."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_Shallow._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), list, None],
    }
    loss = "log_loss"

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: Any = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        class_weight: Any = None,
        slope: float = 0.01,
        dropout: float = 0.0,
        threads: int | None = None,
        scoring: Any = None,
        callbacks: Any = None,
    ) -> None:
        _take(self, locals())

    @available_if(lambda estimator: estimator._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None, classes: Any = None) -> Any:
        """Take one epoch over these examples, going on from where the network is.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`. y need not hold all classes.
        classes : (n_classes,)
            All classes that there will ever be; the first call needs them, unless `fit` came before it.

        Returns
        -------
        self
        """
        if self.class_weight is not None and not isinstance(self.class_weight, dict):
            raise ValueError(
                f"class_weight {self.class_weight!r} is not supported for partial_fit: some classes may be missing. "
                "Give a dict of class: weight, or sample_weight"
            )
        if _check_partial_fit_first_call(self, classes):
            known = y if type_of_target(y).startswith("multilabel") else classes
            self._label_binarizer = LabelBinarizer().fit(known)
        return fit(self, X, y, sample_weight, True, self._extras())

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Give the probability of each class, or label, (m, n_classes) for examples: rows of X (m, n_x)."""
        answer = answer_of(self, X)
        if answer is None:
            return super().predict_proba(X)  # type: ignore[no-any-return]
        return answer if self.n_outputs_ > 1 else np.concatenate([1 - answer, answer], axis=1)

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Give the accuracy: the share, or the weights' share, of the rows of X whose labels are y (m,) or (m, n_y)."""
        return accuracy(y, self.predict(X), sample_weight)

    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, NDArray[np.bool_]]:
        if incremental or self.warm_start or not plain(y):
            return super()._validate_input(X, y, incremental, reset)  # type: ignore[no-any-return]
        types = (np.float64, np.float32)
        X, y = validate_data(self, X, y, accept_sparse=["csr", "csc"], multi_output=True, dtype=types, reset=reset)
        self._label_binarizer, y = binarized(y)
        self.classes_ = self._label_binarizer.classes_
        return X, y

    def _score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        return accuracy(y, self._predict(X, check_input=False), sample_weight)


class ShallowRegressor(_Shallow, MLPRegressor):
    """A regressor with one hidden layer: scikit-learn's `MLPRegressor`, trained by compiled kernels."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_Shallow._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
    }

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: Any = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        slope: float = 0.01,
        dropout: float = 0.0,
        threads: int | None = None,
        scoring: Any = None,
        callbacks: Any = None,
    ) -> None:
        _take(self, locals())

    @available_if(lambda estimator: estimator._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Any:
        """Take one epoch over these examples, going on from where the network is: as for `fit`."""
        return fit(self, X, y, sample_weight, True, self._extras())

    def _score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        predicted = self._predict(X, check_input=False)
        return float(r2_score(y, predicted, sample_weight=sample_weight)) if np.isfinite(predicted).all() else np.nan
