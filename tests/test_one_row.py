"""An estimator that is asked for one row: the same as among others, and the same errors and warnings."""

import gc
import pickle
import warnings
import weakref

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from fastshallow.estimators import ShallowClassifier, ShallowRegressor, answering

random = np.random.default_rng(0)
X = random.standard_normal((40, 3))
LABELS = {
    "two": np.where(X[:, 0] > 0, "yes", "no"),
    "numbers": np.where(X[:, 0] > 0, 7, -3),
    "three": np.digitize(X[:, 0], [-0.5, 0.5]) * 10,
    "one": np.full(40, "always"),
    "several": (X[:, :2] > 0).astype(int),
}
NUMBERS = {"one": X[:, 0] + 2.0, "several": X[:, :2]}
OPTIONS = {"hidden_layer_sizes": 9, "max_iter": 3, "random_state": 0}


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning)  # that so few epochs do not converge
        yield


def classifier(labels="three", dtype="float64", **options):
    return ShallowClassifier(**OPTIONS | options).fit(X.astype(dtype), LABELS[labels])


def slowly(function, *args):
    """As scikit-learn does it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fastshallow.estimators.shallow.answer_of", lambda estimator, X: None)
        return function(*args)


def same(found, expected):
    assert type(found) is type(expected) and found.dtype == expected.dtype and found.shape == expected.shape
    if found.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=200 * np.finfo(found.dtype).eps)
    else:
        assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("labels", LABELS)
def test_classifiers(labels, dtype):
    for activation in ("relu", "tanh"):
        estimator = classifier(labels, dtype, activation=activation)
        for t in range(12):
            for x in (X[t : t + 1].astype(dtype), np.asfortranarray(X.astype(dtype))[t : t + 1]):
                assert answering.answer_of(estimator, x) is not None
                same(estimator.predict_proba(x), slowly(estimator.predict_proba, x))
                same(estimator.predict(x), slowly(estimator.predict, x))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("numbers", NUMBERS)
def test_regressors(numbers, dtype):
    for loss in ("squared_error", "poisson"):
        y = np.abs(NUMBERS[numbers])
        estimator = ShallowRegressor(loss=loss, **OPTIONS).fit(X.astype(dtype), y)
        for t in range(12):
            x = X[t : t + 1].astype(dtype)
            assert answering.answer_of(estimator, x) is not None
            same(estimator.predict(x), slowly(estimator.predict, x))


def test_what_is_changed_is_seen():
    """Parameters in place, others in their place, another activation, a further epoch."""
    for n_h in (1, 9, 40):  # each where the kernels take them in another way
        estimator, x, seen = classifier(hidden_layer_sizes=n_h), X[:1], set()

        def change_in_place(estimator):
            for each in (*estimator.coefs_, *estimator.intercepts_):
                each[...] = each * 0.7 + 0.1

        def replace(estimator):
            estimator.coefs_ = [np.asfortranarray(each + 0.3) for each in estimator.coefs_]
            estimator.intercepts_ = [each - 0.2 for each in estimator.intercepts_]

        def in_another_order(estimator):
            estimator.coefs_ = [np.ascontiguousarray(each + 0.1) for each in estimator.coefs_]

        for change in (
            lambda estimator: None,
            change_in_place,
            replace,
            in_another_order,
            lambda estimator: estimator.set_params(activation="tanh"),
            lambda estimator: estimator.partial_fit(X, LABELS["three"]),
            lambda estimator: estimator.fit(X, LABELS["several"]),
        ):
            change(estimator)
            same(estimator.predict_proba(x), slowly(estimator.predict_proba, x))
            seen.add(estimator.predict_proba(x).tobytes())
        assert len(seen) == 7


def test_it_leaves_no_trace():
    estimator = classifier()
    before = dict(estimator.__dict__)
    answer = estimator.predict_proba(X[:1])
    assert before == estimator.__dict__
    same(pickle.loads(pickle.dumps(estimator)).predict_proba(X[:1]), answer)
    assert estimator in answering._known
    with pytest.raises(NotFittedError):
        clone(estimator).predict_proba(X[:1])
    gone = weakref.ref(estimator)
    del estimator
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    "x",
    [
        np.array([[0.0, np.nan, 0.0]]),
        np.array([[0.0, np.inf, 0.0]]),
        np.zeros(3),
        np.zeros((1, 2)),
        np.zeros((0, 3)),
        np.zeros((1, 3), object),
        np.array([["a", "b", "c"]]),
        np.zeros((1, 3), complex),
        [[0.0, 1.0]],
    ],
    ids=lambda x: str(np.asarray(x).tolist()),
)
def test_errors_are_scikit_learns(x):
    estimator = classifier(activation="tanh")
    for function in (estimator.predict, estimator.predict_proba, ShallowRegressor(**OPTIONS).fit(X, X[:, 0]).predict):
        told = []
        for way in (lambda function, x: function(x), slowly):
            try:
                told.append(way(function, x).tolist())
            except (ValueError, TypeError) as error:
                told.append((type(error), str(error)))
        assert told[0] == told[1]


def test_names_are_missed_as_scikit_learn_does():
    pandas = pytest.importorskip("pandas")
    estimator = ShallowClassifier(**OPTIONS).fit(pandas.DataFrame(X, columns=list("abc")), LABELS["two"])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        estimator.predict(X[:1])


def test_other_rows_of_numbers():
    estimator = classifier()
    for x in (np.array([[1, 2, 3]]), X[:1].astype(np.float32), X[:1].astype(">f8"), X[:1].tolist()):
        same(estimator.predict_proba(x), slowly(estimator.predict_proba, x))
