"""Searches and ensembles with scikit-learn's interface: what its own give, through fits in threads."""

import sys
import threading
import warnings

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import BaggingClassifier, BaggingRegressor
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import fastshallow as fs
from fastshallow.backends import processors
from fastshallow.estimators import fitting

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SHORT = {"hidden_layer_sizes": (4,), "max_iter": 8, "random_state": 0}
GRID = {"alpha": [1e-4, 1.0], "activation": ["tanh", "relu"]}


def cancer(m=150):
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X)[:m], y[:m]


def diabetes(m=100):
    X, y = load_diabetes(return_X_y=True)
    return 20.0 * X[:m], (y[:m] - 150.0) / 80.0


def results(search):
    """All of them but the times."""
    return {name: column for name, column in search.cv_results_.items() if "time" not in name}


@pytest.mark.parametrize("n_jobs", [None, 1, 3])
def test_a_search_finds_what_grid_search_finds(n_jobs):
    X, y = cancer()
    options = {"cv": 3, "return_train_score": True, "scoring": ["accuracy", "neg_log_loss"], "refit": "neg_log_loss"}
    theirs = GridSearchCV(fs.ShallowClassifier(**SHORT), GRID, **options).fit(X, y)
    mine = fs.ShallowSearchCV(fs.ShallowClassifier(**SHORT), GRID, n_jobs=n_jobs, **options).fit(X, y)
    assert mine.cv_results_.keys() == theirs.cv_results_.keys()
    for name, column in results(theirs).items():
        np.testing.assert_array_equal(results(mine)[name], column)
    assert sorted(vars(mine)) == sorted(vars(theirs))
    for name in ("best_params_", "best_score_", "best_index_", "n_splits_", "multimetric_", "n_features_in_"):
        assert getattr(mine, name) == getattr(theirs, name)
    np.testing.assert_array_equal(mine.predict_proba(X), theirs.predict_proba(X))
    np.testing.assert_array_equal(mine.best_estimator_.coefs_[0], theirs.best_estimator_.coefs_[0])
    assert mine.refit_time_ > 0.0 and mine.scorer_.keys() == theirs.scorer_.keys()


def test_it_takes_pipelines_weights_and_groups():
    X, y = cancer(90)
    pipeline = make_pipeline(StandardScaler(), fs.ShallowClassifier(**SHORT))
    grid = {"shallowclassifier__alpha": [0.01, 10.0]}
    fit = {"shallowclassifier__sample_weight": np.linspace(0.1, 1.0, 90)}
    mine = fs.ShallowSearchCV(pipeline, grid, cv=2).fit(X, y, **fit)
    theirs = GridSearchCV(pipeline, grid, cv=2).fit(X, y, **fit)
    np.testing.assert_array_equal(results(mine)["mean_test_score"], results(theirs)["mean_test_score"])
    assert clone(mine).get_params()["estimator__shallowclassifier__max_iter"] == 8
    assert cross_val_score(mine, X, y, cv=2).shape == (2,)


def test_fits_run_in_threads_that_compute_alone(monkeypatch):
    monkeypatch.setattr("fastshallow.backends.cores.os.sched_getaffinity", lambda pid: range(3), raising=False)
    monkeypatch.setenv("FASTSHALLOW_NUM_THREADS", "3")
    threads, begun, make_steps = [], threading.Barrier(3), fitting.make_steps

    def made(*given):
        if threading.current_thread() is not threading.main_thread():
            begun.wait(timeout=20)  # three at once
            threads.append(processors())
        return make_steps(*given)

    monkeypatch.setattr(fitting, "make_steps", made)
    X, y = cancer(60)
    fs.ShallowSearchCV(fs.ShallowClassifier(**SHORT), {"alpha": [0.1, 1.0, 10.0]}, cv=2).fit(X, y)
    assert threads == [1] * 6 and processors() == 3
    threads.clear()
    fs.ShallowEnsembleClassifier(fs.ShallowClassifier(**SHORT), 6).fit(X, y)
    assert threads == [1] * 6


def test_filters_of_warnings_are_as_they_were_afterwards():
    X, y = cancer(60)
    before = list(warnings.filters)
    fs.ShallowSearchCV(fs.ShallowClassifier(**SHORT), GRID, cv=3, n_jobs=3).fit(X, y)
    assert warnings.filters == before


def test_what_fits_warn_of_is_said_once_and_by_the_callers_filters():
    """scikit-learn empties the filters for a moment as each job begins, while other threads warn."""
    X, y = cancer(60)
    search = fs.ShallowSearchCV(fs.ShallowClassifier(**SHORT), {"alpha": np.geomspace(1e-4, 1.0, 40)}, cv=3, n_jobs=3)
    search.set_params(estimator__max_iter=1)  # in threads, and once more in this one
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        search.fit(X, y)
    assert caught == []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(X, y)
    assert [(each.category, each.filename) for each in caught] == [(ConvergenceWarning, __file__)]


def test_python_hands_over_as_before_afterwards(monkeypatch):
    X, y = cancer(60)
    seconds, during = sys.getswitchinterval(), []
    make_steps = fitting.make_steps
    monkeypatch.setattr(fitting, "make_steps", lambda *a: during.append(sys.getswitchinterval()) or make_steps(*a))
    fs.ShallowSearchCV(fs.ShallowClassifier(**SHORT), GRID, cv=2, n_jobs=2, refit=False).fit(X, y)
    with pytest.raises(ValueError, match="alpha"):
        fs.ShallowSearchCV(fs.ShallowClassifier(), {"alpha": [-1.0]}, error_score="raise", n_jobs=2).fit(X, y)
    assert max(during) < seconds == sys.getswitchinterval()


def test_an_error_in_a_fit_is_scikit_learns():
    X, y = cancer(60)
    search = fs.ShallowSearchCV(fs.ShallowClassifier(**SHORT), {"alpha": [-1.0, 1.0]}, cv=2, n_jobs=2)
    with pytest.warns(FitFailedWarning, match="2 fits failed"), pytest.warns(UserWarning, match="non-finite"):
        assert np.isnan(search.fit(X, y).cv_results_["mean_test_score"]).tolist() == [True, False]
    with pytest.raises(ValueError, match="alpha"):
        search.set_params(error_score="raise").fit(X, y)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_an_ensemble_of_classifiers_is_scikit_learns_bagging(n_jobs):
    X, y = cancer()
    words = np.array(["good", "bad"])[y]
    options = {"n_estimators": 20, "random_state": 1, "max_features": 0.5, "oob_score": True}
    theirs = BaggingClassifier(fs.ShallowClassifier(**SHORT), **options).fit(X, words)
    mine = fs.ShallowEnsembleClassifier(fs.ShallowClassifier(**SHORT), n_jobs=n_jobs, **options).fit(X, words)
    if n_jobs is None:
        np.testing.assert_array_equal(mine.predict_proba(X), theirs.predict_proba(X))
    np.testing.assert_allclose(mine.predict_proba(X), theirs.predict_proba(X), rtol=1e-12)
    assert (mine.predict(X) == theirs.predict(X)).all() and mine.oob_score_ == theirs.oob_score_
    each = [net.predict_proba(X[:, f]) for net, f in zip(mine.estimators_, mine.estimators_features_, strict=True)]
    np.testing.assert_allclose(mine.predict_proba(X), np.mean(each, axis=0), rtol=1e-12)
    assert len({net.coefs_[0].tobytes() for net in mine.estimators_}) == 20


def test_an_ensemble_of_regressors_says_how_far_its_networks_lie_apart():
    X, y = diabetes()
    options = {"n_estimators": 4, "random_state": 1}
    theirs = BaggingRegressor(fs.ShallowRegressor(**SHORT), **options).fit(X, y)
    mine = fs.ShallowEnsembleRegressor(fs.ShallowRegressor(**SHORT), **options).fit(X, y)
    mean, std = mine.predict(X, return_std=True)
    np.testing.assert_array_equal(mean, theirs.predict(X))
    np.testing.assert_array_equal(mean, mine.predict(X))
    each = np.stack([net.predict(X) for net in mine.estimators_])
    np.testing.assert_allclose(std, each.std(axis=0), rtol=1e-12)
    assert std.min() > 0.0 and mine.score(X, y) == theirs.score(X, y)


def test_ensembles_are_of_our_networks_by_default():
    assert isinstance(fs.ShallowEnsembleClassifier()._get_estimator(), fs.ShallowClassifier)
    assert isinstance(fs.ShallowEnsembleRegressor()._get_estimator(), fs.ShallowRegressor)
    assert fs.ShallowEnsembleClassifier().get_params() == BaggingClassifier().get_params()


FEW = {"max_iter": 5, "random_state": 0}
CHECKS = [
    "check_estimators_pickle",
    "check_dont_overwrite_parameters",
    "check_estimators_nan_inf",
    "check_fit_idempotent",
    "check_parameters_default_constructible",
    "check_dict_unchanged",
    "check_n_features_in_after_fitting",
    "check_no_attributes_set_in_init",
    "check_get_params_invariance",
    "check_estimators_overwrite_params",
    "check_estimator_repr",
]
MARK = parametrize_with_checks(
    [
        fs.ShallowEnsembleClassifier(fs.ShallowClassifier(8, **FEW), 2, n_jobs=2),
        fs.ShallowEnsembleRegressor(fs.ShallowRegressor(hidden_layer_sizes=8, **FEW), 2, n_jobs=2),
        fs.ShallowSearchCV(fs.ShallowClassifier(8, **FEW), {"alpha": [0.1, 1.0]}, cv=2, n_jobs=2),
    ]
)
CASES = [case for case in MARK.args[1] if case[1].func.__name__ in CHECKS]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "check"), CASES, ids=lambda each: getattr(each, "func", type(each)).__name__)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_no_check_is_missing():
    assert {case[1].func.__name__ for case in CASES} == set(CHECKS) and len(CASES) >= 3 * len(CHECKS)
