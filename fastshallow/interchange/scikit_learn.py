"""Networks from scikit-learn's MLPs, and as such."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..data import Features
from ..formulas import ACTIVATIONS, Activation, leaky_relu_of
from ..training import Network
from .extras import library
from .parts import folded, hidden_name, named_classes, network_of

HERE = {"logistic": "sigmoid"}  # names that differ
THERE = {"identity": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}


def from_sklearn(mlp: Any) -> Network:
    """Make a network of a fitted `MLPClassifier` or `MLPRegressor` with one hidden layer.

    Parameters
    ----------
    mlp
        The fitted estimator, of scikit-learn or of this package. Its history, names of classes and of features come
        along; the names of classes as texts.

    Returns
    -------
    Network
        It predicts the same up to rounding, in the same dtype. Its examples are columns: ``net.predict(X.T)``. Of two
        classes it gives the probability of the second.

    Raises
    ------
    TypeError, ValueError
        For another estimator, or more hidden layers.

    Examples
    --------
    >>> net = fs.from_sklearn(MLPClassifier(32).fit(X, y))  # X (m, n_x)
    >>> net.classes[net.predict(X.T)]
    """
    kinds = library("sklearn.neural_network", "sklearn")
    if not isinstance(mlp, (kinds.MLPClassifier, kinds.MLPRegressor)):
        hint = "; of a pipeline or a search give its MLP" if hasattr(mlp, "fit") else ""
        kind = mlp.__name__ + " itself" if isinstance(mlp, type) else type(mlp).__name__
        raise TypeError(f"mlp must be a fitted MLPClassifier or MLPRegressor, not {kind}{hint}")
    library("sklearn.utils.validation", "sklearn").check_is_fitted(mlp)
    if len(mlp.coefs_) != 2:
        sizes = [len(each) for each in mlp.intercepts_[:-1]]
        raise ValueError(f"mlp has {len(sizes)} hidden layers, of {sizes} units; a network of fastshallow has one")
    (W1, W2), (b1, b2) = mlp.coefs_, mlp.intercepts_
    output = HERE.get(mlp.out_activation_, mlp.out_activation_)
    names = tuple(map(str, getattr(mlp, "feature_names_in_", ())))
    n_x = len(W1)
    features = Features(names, np.zeros((n_x, 1)), np.ones((n_x, 1))) if names else None
    target = named_classes(getattr(mlp, "classes_", ()), len(W2.T), output)
    return network_of((W1.T, b1, W2.T, b2), _hidden(mlp), output, features=features, target=target)


def _hidden(mlp: Any) -> Activation:
    name = mlp.activation
    if isinstance(name, Activation):
        return name
    return leaky_relu_of(float(mlp.slope)) if name == "leaky_relu" else ACTIVATIONS[HERE.get(name, name)]


def to_sklearn(network: Network, classes: ArrayLike | None) -> Any:
    """Make a fitted estimator of scikit-learn; see `Network.to_sklearn`."""
    kinds = library("sklearn.neural_network", "sklearn")
    activation = THERE[hidden_name(network, "scikit-learn's MLP", THERE)]
    numbers, name = network.output.numbers, network.output.name
    W1, b1, W2, b2 = folded(network)
    options: dict[str, Any] = {"hidden_layer_sizes": (len(W1),), "activation": activation}
    if name == "exp":
        if "loss" not in kinds.MLPRegressor().get_params():
            raise ValueError("the output 'exp' needs a newer scikit-learn, whose MLPRegressor has loss='poisson'")
        options["loss"] = "poisson"
    mlp = (kinds.MLPRegressor if numbers else kinds.MLPClassifier)(**options)
    if not numbers:
        W2, b2, mlp._label_binarizer = _binarized(network, W2, b2, classes)
        mlp.classes_ = mlp._label_binarizer.classes_
        several = mlp._label_binarizer.y_type_ == "multiclass"
        mlp.out_activation_ = "softmax" if several else "logistic"
    elif classes is not None:
        raise ValueError(f"classes are for labels, and this network's output is {name!r}")
    else:
        mlp.out_activation_ = name
    mlp.coefs_ = [np.ascontiguousarray(W1.T), np.ascontiguousarray(W2.T)]
    mlp.intercepts_ = [b1.ravel(), b2.ravel()]
    mlp.n_layers_, mlp.n_outputs_, mlp.n_features_in_ = 3, len(W2), W1.shape[1]
    if network.features is not None and network.features.names:
        mlp.feature_names_in_ = np.array(network.features.names, object)
    costs = network.history.cost.tolist()
    mlp.loss_curve_, mlp.n_iter_, mlp.t_ = costs, len(costs), 0
    mlp.loss_, mlp.best_loss_ = (costs[-1], min(costs)) if costs else (np.nan, np.inf)
    mlp.validation_scores_ = mlp.best_validation_score_ = None
    mlp._no_improvement_count = 0
    return mlp


def _binarized(
    network: Network, W2: NDArray[Any], b2: NDArray[Any], given: ArrayLike | None
) -> tuple[NDArray[Any], NDArray[Any], Any]:
    """W2 and b2 as scikit-learn has them, and what knows the classes: in sorted order, two of them as one output."""
    binarizer = library("sklearn.preprocessing", "sklearn").LabelBinarizer()
    n_y = len(W2)
    if network.output.name == "sigmoid" and n_y > 1:
        if given is not None:
            raise ValueError(f"classes are for one label an example, and this network has {n_y}")
        return W2, b2, binarizer.fit(np.eye(n_y, dtype=np.int64))
    count = max(n_y, 2)
    classes = network.classes if given is None else np.asarray(given)
    classes = np.arange(count) if classes is None else classes
    if classes.shape != (count,) or len(np.unique(classes)) < count:
        raise ValueError(f"classes must be {count} different labels, not {classes!r}")
    order = np.argsort(classes)
    if n_y == 1:
        W2, b2 = (W2, b2) if order[0] == 0 else (-W2, -b2)
    else:
        W2, b2 = W2[order], b2[order]
    if n_y == 2:  # the softmax of two is the sigmoid of their difference
        W2, b2 = W2[1:] - W2[:1], b2[1:] - b2[:1]
    return W2, b2, binarizer.fit(classes)
