"""The estimators follow scikit-learn's MLPs: the same start, order, losses, attributes and words."""

import copy
import inspect
import warnings

import numpy as np
import pytest
from tolerance import tolerance

pytest.importorskip("sklearn")
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

import fastshallow as fs

VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))
WEIGHTS = pytest.mark.skipif(VERSION < (1, 7), reason="scikit-learn's MLPs take weights from 1.7 on")
POISSON = pytest.mark.skipif(
    "loss" not in inspect.signature(MLPRegressor).parameters, reason="its MLPRegressor has no Poisson loss"
)
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:scipy.optimize. The `disp` and `iprint`:DeprecationWarning"),
]


def digits(m=230):
    X, y = load_digits(return_X_y=True)
    return X[:m] / 16.0, y[:m]


def cancer(m=211):
    X, y = load_breast_cancer(return_X_y=True)
    return ((X - X.mean(0)) / X.std(0))[:m], y[:m]


def diabetes(m=150):
    X, y = load_diabetes(return_X_y=True)
    return 20.0 * X[:m], y[:m] / 50.0


def labels(m=90):
    return make_multilabel_classification(m, 7, n_classes=4, random_state=0)


def fits(data, mine, theirs, dtype=np.float64, **fitting):
    X, y = data
    X = X.astype(dtype)
    return mine.fit(X, y, **fitting), theirs.fit(X, y, **fitting), X


ATTRIBUTES = ("n_iter_", "t_", "n_layers_", "n_outputs_", "n_features_in_", "out_activation_", "_no_improvement_count")
NUMBERS = ("loss_", "best_loss_", "loss_curve_", "validation_scores_", "best_validation_score_")


def check_same(mine, theirs, X, c=200.0):
    """All that is fitted is the same, numbers to rounding."""
    bound = tolerance(X.dtype, 1.0, c)
    for name in ATTRIBUTES:
        assert getattr(mine, name, None) == getattr(theirs, name, None), name
    for name in NUMBERS:
        one, other = getattr(mine, name, None), getattr(theirs, name, None)
        assert (one is None) == (other is None), name
        if one is not None:
            np.testing.assert_allclose(one, other, rtol=bound, atol=bound, err_msg=name)
    for one, other in zip(mine.coefs_ + mine.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        assert one.shape == other.shape and (one.dtype == other.dtype or mine.solver == "lbfgs")
        np.testing.assert_allclose(one, other, rtol=0, atol=10 * bound)
    if hasattr(theirs, "classes_"):
        np.testing.assert_array_equal(mine.classes_, theirs.classes_)
        np.testing.assert_array_equal(mine.predict(X), theirs.predict(X))
        np.testing.assert_allclose(mine.predict_proba(X), theirs.predict_proba(X), atol=10 * bound)
        np.testing.assert_allclose(mine.predict_log_proba(X), theirs.predict_log_proba(X), atol=1e4 * bound)
    else:
        np.testing.assert_allclose(mine.predict(X), theirs.predict(X), rtol=10 * bound, atol=10 * bound)
        assert mine.predict(X).dtype == theirs.predict(X).dtype or mine.solver == "lbfgs"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_every_activation(activation, dtype):
    options = {"activation": activation, "max_iter": 6, "random_state": 3, "batch_size": 50, "hidden_layer_sizes": 21}
    check_same(*fits(digits(), fs.ShallowClassifier(**options), MLPClassifier(**options), dtype))


OPTIONS = [
    {"solver": "sgd"},
    {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.5},
    {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3, "learning_rate_init": 0.1},
    {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.3, "tol": 0.02, "n_iter_no_change": 2},
    {"solver": "lbfgs", "max_iter": 12},
    {"shuffle": False, "batch_size": 37},
    {"early_stopping": True, "n_iter_no_change": 2, "validation_fraction": 0.2},
    {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1},
    {"tol": 0.05, "n_iter_no_change": 1},
    {"alpha": 3.0, "batch_size": 30},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_option(options):
    options = {"activation": "tanh", "max_iter": 25, "random_state": 0, "hidden_layer_sizes": (9,), **options}
    c = 1e5 if options.get("solver") == "lbfgs" else 200.0
    check_same(*fits(cancer(), fs.ShallowClassifier(**options), MLPClassifier(**options)), c)


@pytest.mark.parametrize("loss", ["squared_error", pytest.param("poisson", marks=POISSON)])
def test_a_regressor(loss):
    more = {} if loss == "squared_error" else {"loss": loss}
    options = {"activation": "tanh", "max_iter": 12, "random_state": 0, "batch_size": 64, **more}
    check_same(*fits(diabetes(), fs.ShallowRegressor(**options), MLPRegressor(**options)))


def test_many_outputs():
    X, y = diabetes()
    options = {"activation": "tanh", "max_iter": 9, "random_state": 0}
    check_same(*fits((X, np.c_[y, y**2, -y]), fs.ShallowRegressor(**options), MLPRegressor(**options)))
    check_same(*fits(labels(), fs.ShallowClassifier(**options), MLPClassifier(**options)))


def test_lbfgs_minimizes_the_sum_over_outputs():
    """Its gradients are those of the sum; scikit-learn pairs them with the mean, and so stops too early."""
    X, y = diabetes()
    Y = np.c_[y, 2.0 * y]
    options = {"activation": "tanh", "solver": "lbfgs", "max_iter": 60, "random_state": 0, "hidden_layer_sizes": 5}
    mine, theirs = fs.ShallowRegressor(**options).fit(X, Y), MLPRegressor(**options).fit(X, Y)
    penalty = 0.5 * mine.alpha * sum(np.sum(each**2) for each in mine.coefs_) / len(X)
    assert mine.loss_ == pytest.approx(0.5 * np.mean((mine.predict(X) - Y) ** 2) + penalty, rel=1e-12)
    assert mine.loss_ <= theirs.loss_


@WEIGHTS
@pytest.mark.parametrize("options", [{}, {"early_stopping": True}, {"solver": "lbfgs"}, {"batch_size": 31}], ids=str)
def test_weights(options):
    X, y = cancer()
    weights = np.random.default_rng(0).uniform(0.1, 5.0, len(y))
    options = {"activation": "tanh", "max_iter": 9, "random_state": 0, "alpha": 0.5, **options}
    mine, theirs, X = fits((X, y), fs.ShallowClassifier(**options), MLPClassifier(**options), sample_weight=weights)
    check_same(mine, theirs, X, 1e5 if options.get("solver") else 200.0)
    other = fs.ShallowClassifier(**options).fit(X, y)
    assert np.abs(other.coefs_[0] - mine.coefs_[0]).max() > 1e-3


def test_sparse_x_is_as_dense_x():
    from scipy.sparse import csc_matrix, csr_array, csr_matrix

    X, y = digits(120)
    for options in ({}, {"early_stopping": True}, {"solver": "lbfgs"}):
        options = {"max_iter": 5, "random_state": 0, "activation": "tanh", **options}
        dense = fs.ShallowClassifier(**options).fit(X, y)
        for kind in (csr_matrix, csc_matrix, csr_array):
            if VERSION < (1, 7) and kind is csr_array:
                continue
            sparse = fs.ShallowClassifier(**options).fit(kind(X), y)
            np.testing.assert_allclose(sparse.coefs_[0], dense.coefs_[0], atol=1e-9)
            np.testing.assert_array_equal(sparse.predict(kind(X)), dense.predict(X))


def test_string_labels_with_early_stopping():
    X, y = digits()
    names = np.array([f"class {k}" for k in range(10)], dtype=object)
    options = {"activation": "tanh", "max_iter": 9, "random_state": 0, "early_stopping": True, "n_iter_no_change": 3}
    mine = fs.ShallowClassifier(**options).fit(X, names[y])
    assert set(mine.predict(X)) <= set(names) and mine.validation_scores_[-1] > 0.1
    if VERSION >= (1, 7):  # theirs could not do it before
        check_same(mine, MLPClassifier(**options).fit(X, names[y]), X)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "int16", "float64", "bool"])
@pytest.mark.parametrize("classes", [[7], [3, -5], [-1, 1], [0, 1, 2], [9, 200, 4, -7]], ids=str)
def test_labels_are_numbered_as_scikit_learn_does(classes, dtype):
    y = np.resize(classes, 23).astype(dtype)
    X = np.random.default_rng(1).standard_normal((23, 3))
    options = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}
    mine, theirs = fs.ShallowClassifier(**options).fit(X, y), MLPClassifier(**options).fit(X, y)
    assert mine.classes_.dtype == theirs.classes_.dtype and mine.n_outputs_ == theirs.n_outputs_
    np.testing.assert_array_equal(mine.classes_, theirs.classes_)
    assert vars(mine._label_binarizer).keys() == vars(theirs._label_binarizer).keys()
    assert mine._label_binarizer.y_type_ == theirs._label_binarizer.y_type_
    np.testing.assert_allclose(mine.coefs_[0], theirs.coefs_[0], rtol=1e-9)
    np.testing.assert_array_equal(mine.predict(X), theirs.predict(X))
    score, weights = mine.score(X, y), np.linspace(0.0, 1.0, 23)
    assert type(score) is float and score == theirs.score(X, y) == mine.score(X, list(y))
    assert mine.score(X, y, weights) == pytest.approx(theirs.score(X, y, weights))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        mine.score(X, y[1:])


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_float32_is_kept(solver):
    X, y = digits(80)
    mine = fs.ShallowClassifier(solver=solver, max_iter=3).fit(X.astype(np.float32), y)
    assert {each.dtype for each in mine.coefs_ + mine.intercepts_} == {np.dtype(np.float32)}
    assert mine.predict_proba(X.astype(np.float32)).dtype == np.float32


def test_what_one_has_begun_the_other_goes_on_with():
    """warm_start and partial_fit, of one package after the other."""
    X, y = cancer()
    for options in ({"solver": "adam"}, {"solver": "sgd"}, {"solver": "sgd", "learning_rate": "invscaling"}):
        options = {"activation": "tanh", "random_state": 0, "max_iter": 4, **options}
        mine, theirs = fs.ShallowClassifier(**options), MLPClassifier(**options)
        for _ in range(3):
            mine.partial_fit(X, y, classes=[0, 1])
            theirs.partial_fit(X, y, classes=[0, 1])
        check_same(mine, theirs, X)
        mine, theirs = (each.set_params(warm_start=True) for each in (mine, theirs))
        check_same(mine.fit(X, y), theirs.fit(X, y), X)
        state = copy.deepcopy(vars(mine))
        swapped = MLPClassifier(**options)
        swapped.__dict__.update({name: state[name] for name in vars(theirs) if name in state})
        check_same(mine.partial_fit(X, y), swapped.partial_fit(X, y), X)


def test_the_rectifiers_slope_at_zero_is_one():
    """The one difference in the mathematics: g'(0) is 1 here and 0 there."""
    X, y = cancer(40)
    moved = []
    for kind in (fs.ShallowClassifier, MLPClassifier):
        each = kind(hidden_layer_sizes=3, solver="sgd", max_iter=1, random_state=0, alpha=0.0, momentum=0).fit(X, y)
        each.coefs_[0][...], each.intercepts_[0][...] = 0.0, 0.0
        moved.append(np.abs(each.partial_fit(X, y).coefs_[0]).max() > 0.0)
    assert moved == [True, False]


def test_words(capsys):
    X, y = cancer(60)
    for options in (
        {"max_iter": 3},
        {"max_iter": 30, "tol": 1.0, "n_iter_no_change": 2},
        {"max_iter": 5, "early_stopping": True},
        {"max_iter": 12, "solver": "sgd", "learning_rate": "adaptive", "tol": 1.0, "n_iter_no_change": 2},
    ):
        printed = []
        for kind in (fs.ShallowClassifier, MLPClassifier):
            kind(activation="tanh", random_state=0, verbose=True, **options).fit(X, y)
            printed.append(capsys.readouterr().out)
        assert printed[0] == printed[1] and printed[0].startswith("Iteration 1, loss = ")


@pytest.mark.filterwarnings("default::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"max_iter": 2}, ConvergenceWarning),
        ({"batch_size": 500}, UserWarning),
        ({"solver": "lbfgs", "max_iter": 2}, ConvergenceWarning),
    ],
)
def test_warnings_are_the_same(options, kind):
    X, y = cancer(60)
    caught = []
    for each in (fs.ShallowClassifier, MLPClassifier):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            each(activation="tanh", random_state=0, **{"max_iter": 1, **options}).fit(X, y)
        caught.append([one.category for one in seen if one.category is not DeprecationWarning])
    assert caught[0] == caught[1] and kind in caught[0]


def test_an_interrupt_keeps_the_network(monkeypatch):
    from fastshallow.estimators.fitting import _Run

    X, y = cancer(60)
    take, left = _Run.take_epochs, [3]

    def interrupted(self, until):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return take(self, self.steps.epoch + 1)

    monkeypatch.setattr(_Run, "take_epochs", interrupted)
    with pytest.warns(UserWarning, match="interrupted by user"):
        fitted = fs.ShallowClassifier(max_iter=9, random_state=0).fit(X, y)
    assert fitted.n_iter_ == 2 and fitted.predict(X).shape == y.shape


@pytest.mark.parametrize(
    "options",
    [
        {"tol": 0.02},
        {"tol": 0.02, "n_iter_no_change": 1},
        {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "tol": 0.01},
        {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1},
        {"learning_rate": lambda epoch: 0.01 / (1 + epoch)},
        {"early_stopping": True},
    ],
)
def test_epochs_taken_at_once_end_where_single_ones_do(options, monkeypatch):
    from fastshallow.estimators.fitting import _Run

    X, y = cancer(60)
    together = fs.ShallowClassifier(8, random_state=0, max_iter=60, **options).fit(X, y)
    monkeypatch.setattr(_Run, "at_once", lambda self: 1)
    single = fs.ShallowClassifier(8, random_state=0, max_iter=60, **options).fit(X, y)
    for name in ("loss_curve_", "n_iter_", "t_", "loss_", "best_loss_", "validation_scores_", "_no_improvement_count"):
        assert getattr(together, name) == getattr(single, name), name
    np.testing.assert_array_equal(together.coefs_[0], single.coefs_[0])


def test_several_epochs_are_taken_at_once_unless_somebody_is_told(monkeypatch):
    from fastshallow.estimators.fitting import _Run

    X, y = cancer(60)
    take, calls = _Run.take_epochs, []
    monkeypatch.setattr(_Run, "take_epochs", lambda self, until: calls.append(until) or take(self, until))
    fs.ShallowClassifier(8, random_state=0, max_iter=44, tol=0).fit(X, y)
    assert calls[0] == 11 and len(calls) < 44  # a slow machine comes back earlier
    for told in ({"callbacks": lambda progress: None}, {"early_stopping": True}):
        calls.clear()
        fs.ShallowClassifier(8, random_state=0, max_iter=3, **told).fit(X, y)
        assert calls == [1, 2, 3]


BAD = [
    ({"hidden_layer_sizes": (5, 5)}, "fastshallow trains networks with one hidden layer"),
    ({"hidden_layer_sizes": ()}, "one number, or a tuple of one"),
    ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes must be > 0"),
    ({"hidden_layer_sizes": (2.5,)}, "hidden_layer_sizes must be > 0"),
    ({"activation": "swish"}, "The 'activation' parameter"),
    ({"slope": 2.0}, "The 'slope' parameter"),
    ({"dropout": 1.0}, "The 'dropout' parameter"),
    ({"threads": 0}, "The 'threads' parameter"),
    ({"warm_start": "adam"}, "The 'warm_start' parameter"),
    ({"learning_rate": "fast"}, "The 'learning_rate' parameter"),
    ({"class_weight": "even"}, "The 'class_weight' parameter"),
]


@pytest.mark.parametrize(("options", "words"), BAD, ids=str)
def test_bad_parameters(options, words):
    with pytest.raises(ValueError, match=words):
        fs.ShallowClassifier(**options).fit(*cancer(30))


def test_bad_data():
    X, y = cancer(30)
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        fs.ShallowRegressor(solver="sgd", learning_rate_init=1e9, max_iter=50).fit(X, 1e9 * y)
    with pytest.raises(ValueError, match="loss 'poisson'"):
        fs.ShallowRegressor("poisson").fit(X, y - 1.0)
    with pytest.raises(ValueError, match="must not be negative"):
        fs.ShallowClassifier().fit(X, y, sample_weight=np.full(30, -1.0))
    with pytest.raises(ValueError, match="y_val is missing"):
        fs.ShallowClassifier().fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="needs X_val"):
        fs.ShallowClassifier().fit(X, y, sample_weight_val=y)
    with pytest.raises(ValueError, match="classes that y does not"):
        fs.ShallowClassifier(max_iter=1).fit(X, y, X_val=X, y_val=y + 5)
    with pytest.raises(ValueError, match="4 features"):
        fs.ShallowClassifier(max_iter=1).fit(X, y, X_val=X[:, :4], y_val=y)
