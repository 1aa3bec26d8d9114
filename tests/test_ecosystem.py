"""The estimators among scikit-learn's tools; its checks, counted; and its own MLPs, accelerated."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn")
import sklearn
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from test_estimators import VERSION, cancer, check_same, diabetes

import fastshallow as fs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SHORT = {"activation": "tanh", "max_iter": 5, "random_state": 0, "hidden_layer_sizes": 8}
COUNTS = {"1.6.0": (66, 58), "1.6.1": (67, 59), "1.9.1": (68, 60)}  # the classifier has class_weight


MARK = parametrize_with_checks([fs.ShallowClassifier(max_iter=100), fs.ShallowRegressor(max_iter=100)])
CHECKS = list(MARK.args[1])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "check"), CHECKS, ids=MARK.kwargs["ids"])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.skipif(sklearn.__version__ not in COUNTS, reason="the checks of this version were not counted")
def test_no_check_is_missing():
    names = [type(case[0] if isinstance(case, tuple) else case.values[0]).__name__ for case in CHECKS]
    counts = tuple(names.count(kind.__name__) for kind in (fs.ShallowClassifier, fs.ShallowRegressor))
    assert counts == COUNTS[sklearn.__version__]


def test_parameters_are_scikit_learns_and_more():
    for mine, theirs in ((fs.ShallowClassifier, MLPClassifier), (fs.ShallowRegressor, MLPRegressor)):
        defaults = mine().get_params()
        missing = {name: value for name, value in theirs().get_params().items() if defaults.get(name, "?") != value}
        assert not missing and issubclass(mine, theirs)
    assert list(fs.ShallowRegressor().get_params())  # and what `clone` needs
    assert fs.ShallowRegressor("poisson").loss == "poisson" and fs.ShallowClassifier(7).hidden_layer_sizes == 7


def test_pickles_and_clones():
    X, y = cancer()
    fitted = fs.ShallowClassifier(**SHORT).fit(X, y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    again.partial_fit(X, y)
    with pytest.raises(NotFittedError):
        clone(fitted).predict(X)
    with pytest.raises(NotFittedError):
        clone(fitted).network_  # noqa: B018


def test_searches():
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingGridSearchCV

    X, y = cancer(120)
    pipeline = make_pipeline(StandardScaler(), fs.ShallowClassifier(**SHORT))
    grid = {"shallowclassifier__alpha": [1e-4, 10.0]}
    one = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
    two = GridSearchCV(pipeline, grid, cv=3, n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])
    halving = HalvingGridSearchCV(pipeline, grid, cv=3, resource="shallowclassifier__max_iter", max_resources=6)
    assert halving.fit(X, y).best_params_["shallowclassifier__alpha"] in grid["shallowclassifier__alpha"]
    assert cross_val_score(fs.ShallowRegressor(**SHORT), *diabetes(), cv=3).shape == (3,)


def test_metadata_routing():
    X, y = cancer(120)
    with config_context(enable_metadata_routing=True):
        estimator = fs.ShallowClassifier(**SHORT).set_fit_request(sample_weight=True, X_val=True, y_val=True)
        estimator.set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, estimator, transform_input=["X_val"])
        pipeline.fit(X, y, sample_weight=1.0 + y, X_val=X, y_val=y)
        assert len(pipeline[-1].validation_loss_curve_) == 5
        scores = GridSearchCV(estimator.set_fit_request(X_val=False, y_val=False), {"alpha": [0.1]}, cv=2)
        scores.fit(X, y, sample_weight=1.0 + y)


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_tables(kind):
    library = pytest.importorskip(kind)
    X, y = cancer()
    names = [f"x{k}" for k in range(30)]
    columns = dict(zip(names, X.T, strict=True))
    table = library.table(columns) if kind == "pyarrow" else library.DataFrame(columns)
    if kind == "pyarrow" and VERSION < (1, 7):
        pytest.skip("this scikit-learn reads no pyarrow")
    fitted = fs.ShallowClassifier(**SHORT).fit(table, y)
    np.testing.assert_array_equal(fitted.predict(table), fs.ShallowClassifier(**SHORT).fit(X, y).predict(X))
    if kind == "pandas":
        with pytest.raises(ValueError, match="feature names"):
            fitted.predict(table.rename(columns={"x0": "other"}))
        with pytest.warns(UserWarning, match="feature names"):
            fitted.predict(X)


def test_the_html_names_the_page():
    html = fs.ShallowClassifier()._repr_html_()
    assert "from_scikit_learn.md" in html and "ShallowClassifier" in html


# ---- scikit-learn's own classes ----


def test_accelerate():
    X, y = cancer()
    theirs = MLPClassifier(**SHORT).fit(X, y)
    with fs.accelerate() as ran:
        fast = MLPClassifier(**SHORT).fit(X, y)
        probabilities = fast.predict_proba(X)
        deep = MLPClassifier(**{**SHORT, "hidden_layer_sizes": (5, 4)}).fit(X, y)
        deep.predict(X)
        fs.ShallowClassifier(**SHORT).fit(X, y)
        regressor = MLPRegressor(**SHORT).fit(*diabetes())
    where = [(each.estimator, each.what, each.where) for each in ran.calls]
    assert where == [
        ("MLPClassifier", "fit", "fastshallow"),
        ("MLPClassifier", "predict", "fastshallow"),
        ("MLPClassifier", "fit", "scikit-learn"),
        ("MLPClassifier", "predict", "scikit-learn"),
        ("MLPRegressor", "fit", "fastshallow"),
    ]
    assert "1 by scikit-learn (hidden_layer_sizes is (5, 4), not one layer)" in str(ran)
    assert set(vars(fast)) == set(vars(theirs)) and type(fast) is MLPClassifier
    check_same(fast, theirs, X)
    np.testing.assert_allclose(probabilities, theirs.predict_proba(X), atol=1e-12)
    check_same(fast.partial_fit(X, y), theirs.partial_fit(X, y), X)
    check_same(regressor, MLPRegressor(**SHORT).fit(*diabetes()), diabetes()[0])
    assert len(ran.calls) == 5  # nothing is counted, nor changed, afterwards


def test_accelerate_leaves_other_subclasses_alone():
    class Mine(MLPClassifier):
        def _init_coef(self, fan_in, fan_out, dtype):
            coef, intercept = super()._init_coef(fan_in, fan_out, dtype)
            return 0.5 * coef, intercept

    ran = fs.accelerate()
    try:
        Mine(**SHORT).fit(*cancer())
    finally:
        ran.undo()
    assert [(each.where, each.why) for each in ran.calls] == [("scikit-learn", "a subclass with its own _init_coef")]
