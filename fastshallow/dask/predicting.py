"""Predictions of Dask's collections: collections again, of which nothing is computed before it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from ..data import computing
from ..training import Network
from .blocks import columns_of, named
from .partitions import check_rows, check_shape, is_table, kind


def predict(net: Network, X: Any) -> Any:
    """Predict from a Dask array (n_x, m) or dataframe, lazily: see `Network.predict`.

    Parameters
    ----------
    net
        A network, wherever it was trained.
    X
        An array with examples as columns and chunks of them, or a dataframe with examples as rows, whose columns are
        the network's features in their order.

    Returns
    -------
    dask array, series or dataframe
        Of an array, (n_y, m) or (1, m) with X's chunks of examples; of a dataframe a series, or for several outputs a
        dataframe, with its index and partitions. Labels 0 or 1 and classes' indices are int64, numbers of the dtype
        that X is computed in.

    Raises
    ------
    ValueError, TypeError
        For X that the network does not take; for NaN in it when it is computed, by its partition.

    Examples
    --------
    >>> fs.dask.predict(net, X).compute()
    """
    check_network(net)
    rows = 1 if net.output.name == "softmax" else len(net.parameters.W2)
    return _mapped(net, X, "predict", rows, None if net.output.numbers else np.dtype(np.int64), list(range(rows)))


def predict_proba(net: Network, X: Any) -> Any:
    """Give the probabilities of a Dask array (n_x, m) or dataframe, lazily: see `Network.predict_proba`.

    Parameters
    ----------
    net, X
        As for `predict`.

    Returns
    -------
    dask array, series or dataframe
        As `predict` gives, of the dtype that X is computed in. The columns of a dataframe are the names of the classes,
        if the network knows them.

    Raises
    ------
    ValueError, TypeError
        As for `predict`, and for a network that predicts numbers.
    """
    check_network(net)
    if net.output.numbers:
        raise ValueError(
            f"this network's output is {net.output.name!r}: it predicts numbers, which have no probabilities"
        )
    rows = len(net.parameters.W2)
    classes = net.classes
    names = list(range(rows) if classes is None or len(classes) != rows else classes)
    return _mapped(net, X, "predict_proba", rows, None, names)


def check_network(net: Any) -> None:
    """Refuse what is none."""
    if not isinstance(net, Network):
        raise TypeError(f"net must be a Network, not {type(net).__name__}")


def _mapped(net: Network, X: Any, method: str, rows: int, dtype: Any, names: Sequence[Any]) -> Any:
    n_x = net.parameters.W1.shape[1]
    if isinstance(X, da.Array):
        check_shape("X", X)
        if X.shape[0] != n_x:
            hint = "; an example is a column: did you mean X.T?" if X.shape[1] == n_x else ""
            raise ValueError(f"X must have {n_x} rows, the features of the network, but its shape is {X.shape}{hint}")
        check_rows(X)
        dtype = dtype or computing(X.dtype)
        return X.map_blocks(
            _of_array,
            net,
            method,
            rows,
            dtype,
            dtype=dtype,
            chunks=((rows,), X.chunks[1]),
            meta=np.empty((0, 0), dtype),
        )
    if not is_table(X):
        raise TypeError(f"X must be a Dask array (n_x, m) or dataframe, not {kind(X)}")
    if len(X.columns) != n_x:
        raise ValueError(f"X must have {n_x} columns, the features of the network, but it has {len(X.columns)}")
    dtype = dtype or computing(columns_of(X._meta).dtype)
    meta = _table(np.empty((rows, 0), dtype), X._meta.index, names)
    return X.map_partitions(_of_table, net, method, dtype, names, meta=meta)


def _of_array(x: Any, net: Network, method: str, rows: int, dtype: Any, block_id: Any = None) -> NDArray[Any]:
    with named(block_id and block_id[1]):
        return getattr(net, method)(x).astype(dtype, copy=False) if x.size else np.empty((rows, 0), dtype)


def _of_table(x: Any, net: Network, method: str, dtype: Any, names: Sequence[Any], partition_info: Any = None) -> Any:
    number = partition_info and partition_info["number"]
    answers = _of_array(columns_of(x), net, method, len(names), dtype, (0, number))
    return _table(answers, x.index, names)


def _table(answers: NDArray[Any], index: Any, names: Sequence[Any]) -> Any:
    """Answers (n_y, m) as rows: a series, or a column for each output."""
    import pandas

    if len(answers) == 1:
        return pandas.Series(answers[0], index)
    return pandas.DataFrame(answers.T, index, names)
