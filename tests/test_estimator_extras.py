"""What the estimators have beside scikit-learn's: weights of classes, validation sets, scorers, callbacks, and more."""

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn.metrics import f1_score, get_scorer, log_loss
from sklearn.utils.class_weight import compute_sample_weight
from test_estimators import VERSION, cancer, diabetes, digits, labels

import fastshallow as fs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SHORT = {"activation": "tanh", "max_iter": 5, "random_state": 0, "hidden_layer_sizes": 8}


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.coefs_, other.coefs_, strict=True))


@pytest.mark.parametrize("class_weight", ["balanced", {0: 5.0}])
def test_class_weights(class_weight):
    X, y = cancer()
    weighted = fs.ShallowClassifier(**SHORT, class_weight=class_weight).fit(X, y)
    by_hand = fs.ShallowClassifier(**SHORT).fit(X, y, sample_weight=compute_sample_weight(class_weight, y))
    assert same(weighted, by_hand) and not same(weighted, fs.ShallowClassifier(**SHORT).fit(X, y))
    both = fs.ShallowClassifier(**SHORT, class_weight=class_weight).fit(X, y, sample_weight=1.0 + y)
    assert not same(weighted, both)
    if class_weight == "balanced":
        with pytest.raises(ValueError, match="not supported for partial_fit"):
            weighted.partial_fit(X, y)
    else:
        weighted.partial_fit(X, y)


def test_a_validation_loss_curve():
    X, y = cancer()
    fitted = fs.ShallowClassifier(**SHORT, alpha=3.0).fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    assert len(fitted.validation_loss_curve_) == 5 and fitted.validation_scores_ is None
    assert fitted.validation_loss_curve_[-1] == pytest.approx(
        log_loss(y[150:], fitted.predict_proba(X[150:])), rel=1e-12
    )
    assert same(fitted, fs.ShallowClassifier(**SHORT, alpha=3.0).fit(X[:150], y[:150]))
    weights = 1.0 + np.arange(61.0)
    more = {"X_val": X[150:], "y_val": y[150:], "sample_weight_val": weights}
    fitted = fs.ShallowClassifier(**SHORT).fit(X[:150], y[:150], **more)
    right = log_loss(y[150:], fitted.predict_proba(X[150:]), sample_weight=weights)
    assert fitted.validation_loss_curve_[-1] == pytest.approx(right, rel=1e-12)
    held_out = fs.ShallowClassifier(**SHORT, early_stopping=True).fit(X, y)
    assert len(held_out.validation_loss_curve_) == len(held_out.validation_scores_) == 5


def test_early_stopping_by_given_examples_and_a_scorer():
    X, y = cancer()
    options = {**SHORT, "max_iter": 30, "early_stopping": True, "n_iter_no_change": 3, "learning_rate_init": 0.02}
    fitted = fs.ShallowClassifier(**options).fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    assert fitted.best_validation_score_ == max(fitted.validation_scores_) == fitted.score(X[150:], y[150:])
    assert fitted.t_ == 150 * fitted.n_iter_  # all of X is learnt from
    for scoring in ("neg_log_loss", get_scorer("f1"), lambda estimator, X, y: f1_score(y, estimator.predict(X))):
        scored = fs.ShallowClassifier(**options, scoring=scoring).fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
        if scoring == "neg_log_loss":
            best = -log_loss(y[150:], scored.predict_proba(X[150:]))
        else:
            best = f1_score(y[150:], scored.predict(X[150:]))
        assert scored.best_validation_score_ == pytest.approx(best, rel=1e-9)
    with pytest.raises(ValueError, match="no such score"):
        fs.ShallowClassifier(**options, scoring="no such score").fit(X, y)


def test_a_scorer_is_quiet_about_names():
    pandas = pytest.importorskip("pandas")
    X, y = cancer()
    table = pandas.DataFrame(X, columns=[f"x{k}" for k in range(30)])
    fitted = fs.ShallowClassifier(**SHORT, early_stopping=True, scoring="f1").fit(table, y)
    assert list(fitted.feature_names_in_) == list(table.columns)


def test_a_warm_start_that_keeps_the_optimizer():
    X, y = cancer()
    options = {**SHORT, "shuffle": False, "tol": 0.0}
    whole = fs.ShallowClassifier(**{**options, "max_iter": 10}).fit(X, y)
    parts = fs.ShallowClassifier(**options, warm_start="optimizer").fit(X, y).fit(X, y)
    assert parts.loss_curve_ == whole.loss_curve_ and same(parts, whole)
    plain = fs.ShallowClassifier(**options, warm_start=True).fit(X, y).fit(X, y)
    assert plain.loss_curve_[:5] == whole.loss_curve_[:5] and not same(plain, whole)


def test_partial_fit():
    X, y = digits()
    few = y < 4
    fitted = fs.ShallowClassifier(**SHORT).partial_fit(X[few], y[few], classes=np.arange(10))
    assert fitted.predict_proba(X).shape == (230, 10) and fitted.n_iter_ == 1
    fitted.partial_fit(X[~few], y[~few])
    fitted = fs.ShallowClassifier(**SHORT).fit(X, y)
    before = fitted.loss_
    fitted.partial_fit(X[few], y[few])
    assert len(fitted.loss_curve_) == 6 and fitted.loss_ != before
    with pytest.raises(ValueError, match="classes not in"):
        fitted.partial_fit(X, y + 100)
    with pytest.raises(ValueError, match="classes must be passed"):
        fs.ShallowClassifier(**SHORT).partial_fit(X, y)
    with pytest.raises(ValueError, match="early_stopping=True"):
        fs.ShallowClassifier(**SHORT, early_stopping=True).partial_fit(X, y, classes=np.arange(10))
    assert not hasattr(fs.ShallowClassifier(solver="lbfgs"), "partial_fit")
    X, Y = labels()
    fitted = fs.ShallowClassifier(**SHORT).partial_fit(X[:40], Y[:40], classes=np.arange(4)).partial_fit(X[40:], Y[40:])
    assert fitted.predict(X).shape == Y.shape


def test_formulas_of_this_package():
    X, y = cancer()
    own = fs.Activation("softsign", value=lambda z: z / (1 + np.abs(z)), derivative=lambda z, a: (1 - np.abs(a)) ** 2)
    for activation in ("leaky_relu", "softplus", own):
        fitted = fs.ShallowClassifier(**{**SHORT, "activation": activation}).fit(X, y)
        hidden = fitted.network_.hidden.value(fitted.coefs_[0].T @ X.T + fitted.intercepts_[0][:, None])
        Z2 = fitted.coefs_[1].T @ hidden + fitted.intercepts_[1][:, None]
        np.testing.assert_allclose(fitted.predict_proba(X)[:, 1], 1 / (1 + np.exp(-Z2[0])), rtol=1e-9)
    options = {**SHORT, "activation": "leaky_relu"}
    assert not same(*(fs.ShallowClassifier(**options, slope=slope).fit(X, y) for slope in (0.01, 0.5)))


def test_dropout_schedules_and_threads():
    X, y = cancer()
    plain = fs.ShallowClassifier(**SHORT).fit(X, y)
    dropped = [fs.ShallowClassifier(**SHORT, dropout=0.5).fit(X, y) for _ in range(2)]
    assert same(*dropped) and not same(plain, dropped[0])
    scheduled = fs.ShallowClassifier(**SHORT, learning_rate=lambda epoch: 0.001).fit(X, y)
    assert same(plain, scheduled)
    assert not same(plain, fs.ShallowClassifier(**SHORT, learning_rate=fs.Cosine(0.001)).fit(X, y))
    assert same(plain, fs.ShallowClassifier(**SHORT, threads=1).fit(X, y))


def test_callbacks():
    X, y = cancer()
    seen = []

    def stop(progress):
        seen.append((progress.epoch, progress.cost, progress.network.predict_proba(X.T)[0]))
        return progress.epoch == 3

    fitted = fs.ShallowClassifier(**SHORT, callbacks=stop).fit(X, y)
    assert fitted.n_iter_ == 3 and [each[:2] for each in seen] == list(enumerate(fitted.loss_curve_, 1))
    np.testing.assert_allclose(seen[-1][2], fitted.predict_proba(X)[:, 1], rtol=1e-12)
    assert not np.array_equal(seen[0][2], seen[1][2])


@pytest.mark.skipif(VERSION < (1, 9), reason="scikit-learn has callbacks from 1.9 on")
def test_callbacks_of_scikit_learn():
    from sklearn.base import clone
    from sklearn.callback import ScoringMonitor

    told = []

    class Callback:
        def setup(self, estimator, context):
            told.append("setup")

        def teardown(self, estimator, context):
            told.append("teardown")

        def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
            told.append(f"begin {context.task_name}")

        def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
            told.append(f"end {context.task_name} {fitted_estimator.predict(X).shape}")
            return context.task_name == "epoch 1"

    X, y = cancer()
    fitted = fs.ShallowClassifier(**SHORT).set_callbacks(Callback()).fit(X, y)
    assert fitted.n_iter_ == 2
    assert told[:3] == ["setup", "begin fit", "begin epoch 0"] and told[-1] == "teardown"
    assert told.count("end epoch 1 (211,)") == 1
    monitor = ScoringMonitor(scoring="accuracy")
    fs.ShallowClassifier(**SHORT).set_callbacks(monitor).fit(X, y)
    clone(fitted).fit(X, y)


def test_the_network():
    X, y = cancer()
    names = np.array(["benign", "malign"])
    fitted = fs.ShallowClassifier(**SHORT).fit(X, names[y])
    net = fitted.network_
    np.testing.assert_array_equal(net.classes[net.predict(X.T)[0]], fitted.predict(X))
    X, y = diabetes()
    fitted = fs.ShallowRegressor(**SHORT).fit(X, y)
    np.testing.assert_allclose(fitted.network_.predict(X.T)[0], fitted.predict(X), rtol=1e-12)


def test_predictions_follow_what_is_assigned():
    X, y = diabetes()
    fitted = fs.ShallowRegressor(**SHORT).fit(X, y)
    fitted.coefs_[1][...] = 0.0
    fitted.intercepts_ = [fitted.intercepts_[0], np.array([7.0])]
    np.testing.assert_array_equal(fitted.predict(X), np.full(150, 7.0))
