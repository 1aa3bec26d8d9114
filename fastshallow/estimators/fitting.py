"""Fitting as scikit-learn's MLPs do it: the same start, order, losses and rules to stop; the kernels take the steps.

What is validated, how parameters begin and what is remembered is scikit-learn's own code. X is (m, n_x) here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import _check_sample_weight

from ..backends import explain, forward
from ..data import by_pieces, check_data, computing
from ..formulas import ACTIVATIONS, OUTPUTS, Activation, Output, Parameters, Schedule
from ..training import Data, Network, Progress, Settings, make_steps
from .callbacks import epochs_told
from .minimizing import minimize
from .scoring import Validation
from .threads import warn
from .updates import keep_state, new_optimizer, parameters_of, rate_of, set_parameters, state_of, update_of

SECONDS = 0.1  # between two looks for interrupts
HIDDEN = {"logistic": "sigmoid"}
OUTPUT = {"logistic": "sigmoid"}
NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed."
)


@dataclass(frozen=True)
class Extras:
    """What this package's estimators take beside scikit-learn's parameters."""

    slope: float = 0.01
    schedule: Schedule | None = None
    dropout: float = 0.0
    threads: int | None = None
    class_weight: Any = None
    keep_optimizer: bool = False
    validation_loss: bool = False  # whether it is recorded
    callbacks: Sequence[Callable[[Any], Any]] = ()
    validation: tuple[Any, Any, Any] | None = None  # X, y and the examples' weights


class Shuffles:
    """The orders of scikit-learn's epochs, each of which shuffles the one before."""

    def __init__(self, m: int, random_state: Any) -> None:
        self._order, self._random_state = np.arange(m), random_state

    def fill(self, first: int, rows: NDArray[Any]) -> None:
        """Write the orders of the next epochs into `rows` (count, m)."""
        for row in rows:
            row[:] = self._order = self._order[self._random_state.permutation(len(row))]


class Examples(NamedTuple):
    """What is learnt from: X (m, n_x), y (m, n_y) as numbers, and weights (m,) or None."""

    X: Any
    y: NDArray[Any]
    weights: NDArray[np.float64] | None

    @property
    def data(self) -> Data:
        """The same with examples as columns."""
        return Data(check_data(self.X.T), self.y.astype(computing(self.X.dtype), copy=False).T, self.weights)


def units_of(hidden_layer_sizes: Any) -> int:
    """The units of the one hidden layer; an error for any other number of layers."""
    sizes = list(hidden_layer_sizes) if hasattr(hidden_layer_sizes, "__iter__") else [hidden_layer_sizes]
    if len(sizes) != 1:
        raise ValueError(
            f"hidden_layer_sizes must be one number, or a tuple of one, got {hidden_layer_sizes!r}: fastshallow trains "
            "networks with one hidden layer; for more layers use scikit-learn's MLPs"
        )
    if isinstance(sizes[0], (bool, np.bool_)) or not isinstance(sizes[0], (int, np.integer)) or sizes[0] <= 0:
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return int(sizes[0])


def hidden_of(name: str | Activation, slope: float) -> Activation:
    """The activation of scikit-learn's, or this package's, name."""
    if isinstance(name, Activation):
        return name
    if name == "leaky_relu":
        from ..formulas import leaky_relu

        return leaky_relu(slope)
    return ACTIVATIONS[HIDDEN.get(name, name)]


def formulas_of(estimator: Any, slope: float = 0.01) -> tuple[Activation, Output]:
    """The activation and the output of a fitted estimator."""
    output = estimator.out_activation_
    return hidden_of(estimator.activation, slope), OUTPUTS[OUTPUT.get(output, output)]


def outputs_of(estimator: Any, X: Any, hidden: Activation, output: Output, threads: int | None = None) -> NDArray[Any]:
    """The outputs (m, n_y) of a fitted estimator for X (m, n_x) that is checked."""
    dtype = np.result_type(X.dtype, estimator.coefs_[0].dtype)
    p = parameters_of(estimator, dtype)

    def outputs(piece: Any) -> NDArray[Any]:
        return forward(piece.astype(dtype, copy=False), p, hidden, output, threads=threads)

    return by_pieces(outputs, check_data(X.T)).T  # type: ignore[no-any-return]


def fit(estimator: Any, X: Any, y: Any, sample_weight: Any, incremental: bool, extras: Extras) -> Any:
    """Fit an estimator of this package, or of scikit-learn's, and give it back."""
    n_h = units_of(estimator.hidden_layer_sizes)
    first = not hasattr(estimator, "coefs_") or (not estimator.warm_start and not incremental)
    given = y
    X, y = estimator._validate_input(X, y, incremental, reset=first)
    weights = None if sample_weight is None else np.asarray(_check_sample_weight(sample_weight, X), np.float64)
    if extras.class_weight is not None:
        each = compute_sample_weight(extras.class_weight, given)
        weights = each if weights is None else each * weights
    if weights is not None and not (weights.min() >= 0.0 and weights.any()):
        raise ValueError("sample_weight must not be negative, and not all 0")
    y = y.reshape(len(y), -1)
    estimator.n_outputs_ = y.shape[1]
    estimator._random_state = check_random_state(estimator.random_state)
    if first:
        if extras.validation_loss:
            estimator.validation_loss_curve_ = []
        estimator._initialize(y, [X.shape[1], n_h, y.shape[1]], X.dtype)
        if not is_classifier(estimator) and estimator.loss == "poisson":
            estimator.out_activation_ = "exp"
    if estimator.out_activation_ == "exp" and y.min() < 0:
        raise ValueError(
            "Some value(s) of y are out of the valid range of the loss 'poisson': they must not be negative"
        )
    examples = Examples(X, y, weights)
    with np.errstate(all="ignore"):
        if estimator.solver == "lbfgs":
            minimize(estimator, *examples, settings_of(estimator, examples, extras), extras.threads)
        else:
            _Run(estimator, examples, incremental, extras).go(incremental)
    if not all(np.isfinite(each).all() for each in (*estimator.coefs_, *estimator.intercepts_)):
        raise ValueError(NOT_FINITE)
    return estimator


def settings_of(estimator: Any, examples: Examples, extras: Extras, **more: Any) -> Settings:
    """What a run is asked to do."""
    m, n_y = examples.y.shape
    n_x, n_h = estimator.coefs_[0].shape
    batch_size = min(200, m) if estimator.batch_size == "auto" else int(np.clip(estimator.batch_size, 1, m))
    hidden, output = formulas_of(estimator, extras.slope)
    plain: dict[str, Any] = {
        "optimizer": None,
        "schedule": extras.schedule or Schedule(1.0),
        "shuffle": False,
        "key": 0,
        "backend": explain(n_x, n_h, n_y, batch_size, examples.X.dtype).backend,
    }
    return Settings(
        hidden=hidden,
        output=output,
        epochs=estimator.max_iter,
        cost_every=1,
        batch_size=batch_size,
        l2=float(estimator.alpha),
        dropout=extras.dropout,
        clip_norm=None,
        validation=None,
        patience=None,
        tolerance=0.0,
        by_weight=True,
        averaged=output.name == "identity" and n_y > 1,
        **(plain | more),
    )


class _Run:
    """A run of a stochastic solver, epoch by epoch."""

    def __init__(self, estimator: Any, examples: Examples, incremental: bool, extras: Extras) -> None:
        self.estimator, self.extras = estimator, extras
        if not (incremental or extras.keep_optimizer) or not hasattr(estimator, "_optimizer"):
            estimator._optimizer = new_optimizer(estimator)
        self.optimizer = estimator._optimizer
        if estimator.early_stopping and incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        examples, self.validation = self.parted(examples)
        m, random_state = len(examples.y), estimator._random_state
        if estimator.batch_size != "auto" and estimator.batch_size > m:
            warn("Got `batch_size` larger than sample size. It is going to be clipped", stacklevel=5)
        self.settings = settings_of(
            estimator,
            examples,
            extras,
            optimizer=update_of(self.optimizer),
            shuffle=Shuffles(m, random_state) if estimator.shuffle else False,
            key=int(random_state.randint(2**31)) if extras.dropout else 0,
        )
        self.m = m
        p, state = parameters_of(estimator), state_of(self.optimizer)
        self.steps = make_steps(self.settings, examples.data, p, self.rates, extras.threads, state)
        set_parameters(estimator, self.steps.parameters)
        self.begun = perf_counter()

    def parted(self, examples: Examples) -> tuple[Examples, Validation | None]:
        """The examples to learn from, and those to validate with."""
        estimator, given = self.estimator, self.extras.validation
        if given is not None:
            return examples, Validation.given(estimator, *given)
        if not estimator.early_stopping:
            return examples, None
        arrays = [each for each in examples if each is not None]
        parts = train_test_split(
            *arrays,
            random_state=estimator._random_state,
            test_size=estimator.validation_fraction,
            stratify=examples.y if is_classifier(estimator) and estimator.n_outputs_ == 1 else None,
        )
        rest, part = (Examples(*each, *[None] * (3 - len(each))) for each in (parts[::2], parts[1::2]))
        if len(part.y) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        return rest, Validation.held_out(estimator, *part)

    def rates(self, first: int, count: int) -> NDArray[np.float64]:
        if self.extras.schedule is not None:
            return self.extras.schedule.rates(first, count, self.settings.epochs)
        return np.full(count, rate_of(self.optimizer))

    def go(self, incremental: bool) -> None:
        estimator, epochs = self.estimator, 1 if incremental else self.estimator.max_iter
        estimator.n_iter_, done = 0, False
        told = epochs_told(estimator)
        try:
            while not done and estimator.n_iter_ < epochs:
                with told(estimator.n_iter_) as ended:
                    losses = self.take_epochs(min(epochs, estimator.n_iter_ + self.at_once()))
                for loss in losses:
                    self.note(loss)
                    done = self.ends() or self.called_back() or ended.stop
            if not done and not incremental:
                warn(
                    f"Stochastic Optimizer: Maximum iterations ({epochs}) reached and the optimization hasn't "
                    "converged yet.",
                    ConvergenceWarning,
                    stacklevel=6,
                )
        except KeyboardInterrupt:
            warn("Training interrupted by user.", stacklevel=6)
        set_parameters(estimator, self.steps.parameters)
        keep_state(self.optimizer, self.steps.state(), self.steps.step)
        if estimator.early_stopping:
            estimator.coefs_, estimator.intercepts_ = estimator._best_coefs, estimator._best_intercepts

    def at_once(self) -> int:
        """How many epochs can be taken before something is to be decided, or somebody to be told."""
        estimator = self.estimator
        watched = self.validation or self.extras.callbacks or hasattr(estimator, "_told")
        if watched or getattr(self.optimizer, "lr_schedule", None) == "invscaling":
            return 1
        return int(max(1, estimator.n_iter_no_change + 1 - estimator._no_improvement_count))

    def take_epochs(self, until: int) -> NDArray[np.float64]:
        """Take epochs for a while, one at least, and `until` at most; give back their losses."""
        steps, begin = self.steps, self.steps.epoch
        self.rate = float(self.rates(begin, 1)[0])
        while steps.epoch == begin:
            if not steps.run(until, SECONDS):
                raise ValueError(NOT_FINITE)
        return steps.costs(begin, steps.epoch)  # type: ignore[no-any-return]

    def note(self, loss: float) -> None:
        """Note what an epoch has led to."""
        estimator = self.estimator
        estimator.n_iter_ += 1
        estimator.t_ += self.m
        estimator.loss_ = float(loss)
        estimator.loss_curve_.append(estimator.loss_)
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {estimator.loss_:.8f}")

    def ends(self) -> bool:
        """Look at what the epoch has led to, as scikit-learn does; whether there is nothing more to gain."""
        estimator, validation = self.estimator, self.validation
        if validation is not None and self.extras.validation_loss:
            validation.note_loss(estimator, self.settings, self.extras.threads)
        if estimator.early_stopping and validation is not None:
            score, best = validation.score(estimator), estimator.best_validation_score_
            estimator.validation_scores_.append(score)
            if estimator.verbose:
                print(f"Validation score: {score:f}")
            idle, better = score < best + estimator.tol, score > best
            if better:
                estimator.best_validation_score_ = score
                estimator._best_coefs = [each.copy() for each in estimator.coefs_]
                estimator._best_intercepts = [each.copy() for each in estimator.intercepts_]
        else:
            idle = estimator.loss_ > estimator.best_loss_ - estimator.tol
            estimator.best_loss_ = min(estimator.best_loss_, estimator.loss_)
        estimator._no_improvement_count = estimator._no_improvement_count + 1 if idle else 0
        self.optimizer.iteration_ends(estimator.t_)
        if estimator._no_improvement_count <= estimator.n_iter_no_change:
            return False
        watched = "Validation score" if estimator.early_stopping else "Training loss"
        message = (
            f"{watched} did not improve more than tol={estimator.tol:f} for {estimator.n_iter_no_change} "
            "consecutive epochs."
        )
        if self.optimizer.trigger_stopping(message, estimator.verbose):
            return True
        estimator._no_improvement_count = 0
        return False

    def called_back(self) -> bool:
        """Call the functions that were given; whether one of them ends training."""
        estimator, done = self.estimator, False
        if not self.extras.callbacks:
            return False
        curve, scores = estimator.validation_loss_curve_, estimator.validation_scores_
        progress = Progress(
            epoch=estimator.n_iter_,
            epochs=self.settings.epochs,
            cost=estimator.loss_,
            validation_cost=curve[-1] if curve else np.nan,
            validation_score=scores[-1] if scores else np.nan,
            learning_rate=self.rate,
            seconds=perf_counter() - self.begun,
            _network=lambda: network_of(estimator, self.settings.hidden, self.settings.output),
        )
        for callback in self.extras.callbacks:
            answer = callback(progress)
            done = done or progress.stop or (isinstance(answer, (bool, np.bool_)) and bool(answer))
        return done


def network_of(estimator: Any, hidden: Activation, output: Output) -> Network:
    """A network of the parameters as they are."""
    return Network(Parameters(*(each.copy() for each in parameters_of(estimator))), hidden, output)
