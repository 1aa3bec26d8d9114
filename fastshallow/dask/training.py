"""Training on a cluster: the loop of `fs.train`, whose steps are computed where the data lie."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import dask

from .. import training
from ..formulas import LBFGS, Activation, Optimizer, Output, Parameters, Scale, Schedule, Seed, activation
from ..training import Data, Network, Progress, Source
from .blocks import columns_of
from .cluster import Cluster, connected
from .partitions import parts_of
from .spread import Spread

Callbacks = Callable[[Progress], Any] | Sequence[Callable[[Progress], Any]]


def train(
    X: Any,
    Y: Any,
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
    client: Any = None,
    optimizer: str | Optimizer | LBFGS = "gradient_descent",
    l2: float = 0.0,
    batch_size: int | None = None,
    shuffle: bool | str = True,
    clip_norm: float | None = None,
    parameters: Parameters | None = None,
    validation: tuple[Any, Any] | None = None,
    patience: int | None = None,
    tolerance: float = 0.0,
    cost_every: int = 1,
    callbacks: Callbacks = (),
    callback_every: float | None = None,
    progress: bool = False,
    verbose: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    every: float = 60.0,
) -> Network:
    """Train a network with one hidden layer on a cluster of Dask's: all examples in each step, none of them moved.

    Parameters
    ----------
    X : dask array (n_x, m) or dataframe
        An array has examples as columns, as for `fs.train`, and chunks of them: all features of an example lie in one
        chunk, ``X.rechunk({0: -1})``. A dataframe has examples as rows, and its columns are the features. Persist what
        is dear to compute, ``X = X.persist()``: the data stay on the workers anyway, but only until training ends.
    Y : dask array (n_y, m) or (m,), series, dataframe, or names of columns
        What to learn: as X is, an array, or a series or dataframe with the same partitions. Of a dataframe that holds
        both, the name of a column, or a list of names; all other columns are features.
    threads
        How many each worker may use for a step; None takes as many as the worker has.
    client
        A `dask.distributed.Client`, the address of a scheduler, or a cluster such as ``LocalCluster()``. None takes the
        client there is.
    batch_size, shuffle
        None takes all examples in each step, wherever they lie: the algorithm of `fs.train`. A number is another one,
        local steps with averaging (local SGD): in an epoch each partition for itself goes through its own examples in
        mini-batches, as `fs.train` does, all from the same parameters on; then the parameters, and the states of the
        optimizer, are averaged, weighted by examples. So a partition's examples / `batch_size` steps lie between two
        averages: cut the data finer for fewer. Not for L-BFGS.
    validation
        Examples that are not learnt from, ``(X, Y)``: arrays, or collections as X and Y are, which this process loads.
    n_h, hidden, output, epochs, learning_rate, scale, seed, backend, optimizer, l2, clip_norm, parameters, patience, \
tolerance, cost_every, callbacks, callback_every, progress, verbose, checkpoint, every
        As for `fs.train`. A learned slope, dropout and weights of examples are for one process.

    Returns
    -------
    Network
        As `fs.train`'s: of the same bits for any number of workers and threads, on processors of one kind, and also if
        workers die meanwhile, as long as one is left or comes back. What changes the bits, by rounding, is how the data
        are cut into chunks.

    Raises
    ------
    ValueError, TypeError
        For an argument of wrong shape, dtype or value, by its name, and where it holds what it must not, by its
        partition. Without a client.
    RuntimeError
        For a worker without this package, or with another version of it.
    DivergenceError
        As for `fs.train`.

    Notes
    -----
    Each worker has an actor, which holds its partitions, sums their gradients, and adds sums of neighbours in a tree
    that depends on the partitions alone. A step sends the parameters to each, and adds what comes back.

    Examples
    --------
    >>> client = dask.distributed.Client(n_workers=2, threads_per_worker=1)
    >>> net = fs.dask.train(X, Y, n_h=16, epochs=200, learning_rate=0.5)
    """
    if activation(hidden).learned:
        raise ValueError("hidden must not be leaky_relu(slope='learn') on a cluster: no worker learns a slope")
    with Partitions(X, Y, client) as partitions:
        return training.train(
            partitions,
            None,
            n_h,
            hidden,
            output,
            epochs,
            learning_rate,
            scale,
            seed,
            backend,
            threads,
            optimizer=optimizer,
            l2=l2,
            batch_size=batch_size,
            shuffle=shuffle,
            clip_norm=clip_norm,
            parameters=parameters,
            validation=here(validation),
            patience=patience,
            tolerance=tolerance,
            cost_every=cost_every,
            callbacks=callbacks,
            callback_every=callback_every,
            progress=progress,
            verbose=verbose,
            checkpoint=checkpoint,
            every=every,
        )


def resume(
    path: str | os.PathLike[str],
    X: Any,
    Y: Any,
    *,
    client: Any = None,
    validation: tuple[Any, Any] | None = None,
    hidden: Activation | None = None,
    learning_rate: float | Schedule | Callable[[int], float] | None = None,
    epochs: int | None = None,
    threads: int | None = None,
    callbacks: Callbacks = (),
    callback_every: float | None = None,
    progress: bool = False,
    verbose: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    every: float = 60.0,
) -> Network:
    """Go on with a run on a cluster from its checkpoint, to the bits that it would have come to without a stop.

    Parameters
    ----------
    path
        The file that ``train(..., checkpoint=path)`` wrote, in the process that trained.
    X, Y
        As they were given to `train`, in the same chunks or partitions; workers may be others.
    client, validation, hidden, learning_rate, epochs, threads, callbacks, callback_every, progress, verbose, \
checkpoint, every
        As for `train` and `fs.resume`.

    Returns
    -------
    Network
        With the history of the whole run.

    Raises
    ------
    CheckpointError, FileNotFoundError, ValueError, TypeError, RuntimeError, DivergenceError
        As for `fs.resume` and `train`.
    """
    with Partitions(X, Y, client) as partitions:
        return training.resume(
            path,
            partitions,
            None,
            validation=here(validation),
            hidden=hidden,
            learning_rate=learning_rate,
            epochs=epochs,
            threads=threads,
            callbacks=callbacks,
            callback_every=callback_every,
            progress=progress,
            verbose=verbose,
            checkpoint=checkpoint,
            every=every,
        )


class Partitions(Source):
    """Where the examples of a run on a cluster come from; what lies on the workers is let go at its end."""

    def __init__(self, X: Any, Y: Any, client: Any) -> None:
        self._parts = parts_of(X, Y)
        self._connection = connected(client)
        self._cluster: Cluster | None = None

    def load(self, output: Output) -> Data:
        """Have the workers load and check them."""
        self._cluster = Cluster.load(self._client, self._parts, output)
        return Spread.over(self._cluster)

    def __enter__(self) -> Partitions:
        self._client = self._connection.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self._cluster is not None:
            self._cluster.release()
        self._connection.__exit__(*error)


def here(validation: Any) -> Any:
    """Examples to validate with, as arrays of this process, where each is a column."""
    if validation is None:
        return None
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        raise TypeError(
            "validation must be (X, Y) on a cluster, which holds nothing out itself: X[:, :k] and X[:, k:] are parts "
            f"of an array, dataframe.random_split([0.9, 0.1]) of a dataframe; not {validation!r}"
        )
    X, Y = dask.compute(*validation)
    if hasattr(X, "columns") and isinstance(Y, (str, list)):
        names = [Y] if isinstance(Y, str) else Y
        X, Y = X.drop(columns=names), X[names]
    return columns_of(X), columns_of(Y)
