"""Training a network, and going on with it: arguments are checked here, and the loop runs them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from numpy.typing import ArrayLike

from ..data import check_parameters, check_threads, files
from ..formulas import (
    LBFGS,
    OPTIMIZERS,
    Activation,
    Optimizer,
    Output,
    Parameters,
    Scale,
    Schedule,
    Seed,
    naming,
    number,
    output_layer,
    positive_integer,
    schedule,
)
from .arguments import checked_data, chosen_backend, make_hooks, opened, parted
from .checkpoints import Checkpoint, CheckpointError, read
from .loop import Callback, DivergenceError, Progress, go
from .network import Network
from .notices import warn_of_constants, warn_of_end, warn_of_scale, warn_of_symmetry
from .preparing import begin, make_settings
from .settings import weighted

__all__ = ["DivergenceError", "Progress", "resume", "train"]

Validation = float | tuple[Any, ArrayLike] | None


@naming(optimizer=OPTIMIZERS, small=(name for name, each in OPTIMIZERS.items() if each.typical_rate < 0.1))
def train(
    X: Any,
    Y: ArrayLike | None = None,
    n_h: int = 4,
    hidden: str | Activation = "tanh",
    output: str | Output = "sigmoid",
    epochs: int = 10_000,
    learning_rate: float | Schedule | Callable[[int], float] = 1.2,
    scale: Scale = 0.01,
    seed: Seed = None,
    backend: str = "auto",
    threads: int | None = None,
    *,
    optimizer: str | Optimizer | LBFGS = "gradient_descent",
    l2: float = 0.0,
    dropout: float = 0.0,
    batch_size: int | None = None,
    shuffle: bool | str = True,
    sample_weight: ArrayLike | None = None,
    class_weight: dict[int, float] | str | None = None,
    clip_norm: float | None = None,
    parameters: Parameters | None = None,
    validation: Validation = None,
    patience: int | None = None,
    tolerance: float = 0.0,
    cost_every: int = 1,
    callbacks: Callback | Sequence[Callback] = (),
    callback_every: float | None = None,
    progress: bool = False,
    verbose: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    every: float = 60.0,
) -> Network:
    """Train a network with one hidden layer.

    Parameters
    ----------
    X : (n_x, m)
        Examples as columns; float32 is trained in float32, everything else in float64, but float16, bfloat16, booleans
        and integers of 8 or 16 bits in float32. Arrays of float16, bfloat16, booleans and integers, and those of the
        other byte order, stay as they are: the kernels convert some examples at a time. Sparse matrices and arrays of
        SciPy's, CSC or CSR (which is converted to CSC once), are not made dense, float32 in float32 and others in
        float64; they need the backend ``"fused"`` or ``"numpy"``, which makes each batch dense, and another optimizer
        than L-BFGS. `fs.Blocks` are read block by block, and bring Y.
    Y : (n_y, m)
        What to learn: labels from 0 to 1 (``output="sigmoid"``), one-hot columns (``"softmax"``), numbers
        (``"identity"``) or numbers that are not negative, such as counts (``"exp"``). Of one dimension, it is one row.
        `one_hot` makes it of labels that are words or whole numbers.
    n_h
        Hidden units.
    hidden, output
        As for `forward`. With ``fs.leaky_relu(slope="learn")`` the slope is a parameter too, as a bias is: it begins at
        0.25, and ``net.hidden.slope`` is what it becomes. It needs the backend ``"fused"`` or ``"numpy"``.
    epochs
        Times that training goes over all examples: in one step, or in one for each batch.
    learning_rate
        alpha in W := W - alpha dW, and in the formulas of the other optimizers: try 0.01 or less with
        {small}. A number; a schedule, such as ``fs.Cosine(0.1)``, ``fs.StepDecay``,
        ``fs.InverseScaling``, ``fs.Adaptive`` or ``fs.WarmUp(fs.Cosine(0.1), epochs=5)``; or a function of your own
        that gives the learning rate of an epoch, counted from 0.
    scale, seed
        How the parameters begin: see `initialize_parameters`.
    backend
        ``"fused"`` runs wholly inside compiled code; the others take one step after the other. ``"auto"`` picks.
    threads
        As for `forward`.
    optimizer
        {optimizer},
        all as PyTorch computes them; or an object with hyperparameters of your own, such as ``fs.Momentum(beta=0.95)``
        or ``fs.Adam(beta1=0.9, beta2=0.999, epsilon=1e-8)``. ``"lbfgs"``, or ``fs.LBFGS(history_size=10)``, needs no
        learning rate: an epoch is a line search over all examples, and training ends where it has converged.
    l2
        Adds l2 / (2 m) times the sum of the squared weights, without the biases, to the cost, and so l2 / m times the
        weights to their gradients: scikit-learn's ``alpha``. m counts the examples of a step.
    dropout
        Probability that a hidden unit is dropped, anew for each example and epoch, as `seed` draws; those that are kept
        are divided by 1 - dropout. Predictions and `validation` use all units; the costs of the history are those of
        the network without the dropped ones, as PyTorch's and Keras's training losses are. It needs the backend
        ``"fused"`` or ``"numpy"``, which drop the same units, whatever the batches and threads.
    batch_size
        Examples of a step, fewer in an epoch's last one if they do not divide m; None takes all. The cost of an epoch
        is then the mean over its batches, each taken before its update and weighted by its examples.
    shuffle
        Whether each epoch takes the examples in a new order, which `seed` draws; batches of all examples need none.
        ``"blocks"`` keeps neighbours together, blocks of 256 KiB of X: these come in random order, and the examples of
        each too. Where X exceeds the cache, epochs are then several times faster; but a batch holds neighbours, so
        the rows of a sorted table should be mixed before. An order takes 8 bytes an example.
    sample_weight : (m,)
        How much each example counts, 0 or more; scaled to mean 1, so J = 1/m sum w L. It needs the backend ``"fused"``
        or ``"numpy"``.
    class_weight
        How much each class counts: ``{0: 1.0, 1: 5.0}``, classes that are missing 1.0; or ``"balanced"``, each in
        inverse proportion to its examples. Multiplies `sample_weight`.
    clip_norm
        The largest norm of all gradients of a step together; larger ones are scaled down to it, as
        ``torch.nn.utils.clip_grad_norm_`` does.
    parameters
        Parameters to begin with, instead of `n_h` and `scale`. They are not changed.
    validation
        Examples that are not learnt from: ``(X, Y)``, or the fraction of the examples to hold out, which are drawn by
        `seed`, of classes the same part of each (this copies the data once). Their cost and score after each recorded
        epoch go into the history.
    patience
        Stop after so many recorded epochs in a row without improvement: of the validation cost, or without `validation`
        of the training cost. With `validation` the network gets the parameters whose validation cost was lowest.
    tolerance
        By how much a cost must fall below the lowest one to be an improvement.
    cost_every
        Record the cost of every so many-th epoch, as it is before the epoch's update.
    callbacks
        One function or several, called as ``callback(progress)`` with an `fs.Progress` after each epoch; one that
        returns True, or sets ``progress.stop = True``, ends training.
    callback_every
        Seconds between two calls, and one at the end, where one after each epoch takes too long: that costs about 50 us
        beside the callback itself, as much as the epoch of a few hundred examples.
    progress
        Whether to show a progress bar, in a terminal or notebook; needs tqdm: ``pip install "fastshallow[progress]"``.
    verbose
        1 shows a bar as `progress` does, and where none can be shown, as in a log, prints a line now and then: epoch,
        cost, validation, learning rate, time.
    checkpoint, every
        A file to write every so many seconds, and at the end, from which `resume` goes on.

    Returns
    -------
    Network
        Ctrl-C ends training within about 0.1 s and gives back the network as it is. ``history.stopped`` says why
        training ended early: ``"interrupted"``, ``"callback"``, ``"no improvement"`` or ``"converged"``.

    Raises
    ------
    ValueError, TypeError
        For an argument of wrong shape, dtype or value, by its name.
    DivergenceError
        When the cost or a parameter becomes NaN or infinite.
    ImportError
        If `progress` needs a package that is not installed.

    Warns
    -----
    UserWarning
        If all hidden units begin equal, as with ``scale=0``: they then stay equal. For features that are the same in
        all examples: their weights are then 0, unless `parameters` are given. For features far from mean 0 and
        variance 1, by a sample of the examples. For a run that ends at a cost far above its first or its lowest.

    Notes
    -----
    Deep Learning Specialization, Course 1, Week 3: "Gradient descent for neural networks"; Course 2, Week 1: "Dropout
    regularization".
    """
    loss = output_layer(output)
    check_threads(threads)
    settings = make_settings(
        loss,
        hidden=hidden,
        epochs=epochs,
        learning_rate=learning_rate,
        optimizer=optimizer,
        l2=l2,
        dropout=dropout,
        batch_size=batch_size,
        shuffle=shuffle,
        clip_norm=clip_norm,
        validation=validation,
        patience=patience,
        tolerance=tolerance,
        cost_every=cost_every,
        backend=backend,
    )
    X, ready = opened(X, settings)
    p = None if parameters is None else check_parameters(parameters, X, "parameters")
    data = checked_data(ready, Y, p and len(p.W2), loss, sample_weight)
    settings, data, held_out, p = begin(
        settings, data, validation, p, n_h=n_h, scale=scale, seed=seed, class_weight=class_weight
    )
    writer = None
    if checkpoint is not None:
        writer = Checkpoint(checkpoint, number("every", every, "not negative"), settings, data)
    warn_of_symmetry(p)
    if parameters is None:
        warn_of_constants(settings.constant, len(p.W1[0]))
    warn_of_scale(data.sample)
    hooks, shown = make_hooks(callbacks, callback_every, progress, verbose, settings, writer)
    with shown, closing(data):
        network = go(settings, data, held_out, p, threads, hooks)
    warn_of_end(network.history)
    return network


def resume(
    path: str | os.PathLike[str],
    X: Any,
    Y: ArrayLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    class_weight: dict[int, float] | str | None = None,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    hidden: Activation | None = None,
    learning_rate: float | Schedule | Callable[[int], float] | None = None,
    epochs: int | None = None,
    threads: int | None = None,
    callbacks: Callback | Sequence[Callback] = (),
    callback_every: float | None = None,
    progress: bool = False,
    verbose: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    every: float = 60.0,
) -> Network:
    """Go on with a training run from its checkpoint, to exactly the bits that it would have come to without a stop.

    Parameters
    ----------
    path
        The file that ``train(..., checkpoint=path)`` wrote.
    X, Y, sample_weight, class_weight, validation
        As they were given to `train`: the file does not keep them. A fraction to hold out it knows.
    hidden, learning_rate
        Your own activation, or your own function of the epoch, if training began with one.
    epochs
        Train to so many epochs in all, instead of those that training began with.
    threads, callbacks, callback_every, progress, verbose, every
        As for `train`.
    checkpoint
        Where to write the next checkpoints: to `path`, unless another file is given.

    Returns
    -------
    Network
        With the history of the whole run.

    Raises
    ------
    CheckpointError
        A ValueError: the file is no checkpoint, or the data are not those that training began with.
    FileNotFoundError, ValueError, TypeError, DivergenceError
        As for `train`.
    """
    stored = read(path)
    settings = stored.settings(hidden, None if learning_rate is None else schedule(learning_rate))
    if epochs is not None:
        settings = replace(settings, epochs=positive_integer("epochs", epochs))
    check_threads(threads)
    X, ready = opened(X, settings)
    stored.check_x(X)
    p = check_parameters(stored.parameters, X, "the checkpoint")
    data = checked_data(ready, Y, len(p.W2), settings.output, sample_weight)
    data, held_out = parted(data, settings.validation or validation, settings, settings.output)
    data = weighted(data, class_weight, settings.output)
    stored.check_data(data, held_out, settings)
    with files.named(path, CheckpointError):
        chosen_backend(settings, data, p)
    every = number("every", every, "not negative")
    writer = Checkpoint(path if checkpoint is None else checkpoint, every, settings, data)
    hooks, shown = make_hooks(callbacks, callback_every, progress, verbose, settings, writer)
    with shown, closing(data):
        network = go(settings, data, held_out, p, threads, hooks, stored)
    warn_of_end(network.history)
    return network
