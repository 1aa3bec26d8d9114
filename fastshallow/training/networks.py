"""Many networks of the same data: a table of how each did, and an ensemble that predicts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ..data import Features
from .network import Network

MEASURED = ("cost", "score", "validation_cost", "validation_score")


class Networks(Sequence[Network | None]):
    """Trained networks, in the order in which they were asked for; as an ensemble they predict the mean.

    ``networks[i]``, ``len(networks)`` and iteration give each an `fs.Network`, or None if it diverged; a slice gives
    `Networks`. ``pandas.DataFrame(networks.as_dict())`` is the table.

    Attributes
    ----------
    settings
        The settings of each network, a dict of those arguments that were given: ``fs.train(X, Y, **settings[i])``.
    best, best_index
        The network of lowest validation cost, or without validation of lowest cost, and its number.
    best_settings
        The settings whose mean validation cost (or cost) over seeds and folds is lowest.
    """

    def __init__(
        self, networks: Sequence[Network | None], rows: Sequence[dict[str, Any]], settings: Sequence[dict[str, Any]]
    ) -> None:
        self._networks, self._rows, self.settings = list(networks), list(rows), list(settings)

    def __len__(self) -> int:
        return len(self._networks)

    @overload
    def __getitem__(self, i: int) -> Network | None: ...

    @overload
    def __getitem__(self, i: slice) -> Networks: ...

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return Networks(self._networks[i], self._rows[i], self.settings[i])
        return self._networks[i]

    def __iter__(self) -> Iterator[Network | None]:
        return iter(self._networks)

    @property
    def best_index(self) -> int:
        """The number of the best network."""
        self._finite()
        return min(range(len(self)), key=lambda i: self._rank(self._rows[i]))

    @property
    def best(self) -> Network:
        """The best network."""
        return self._networks[self.best_index]  # type: ignore[return-value]

    @property
    def best_settings(self) -> dict[str, Any]:
        """The best settings, by the mean over seeds and folds."""
        self._finite()
        groups = self._groups()
        return dict(self.settings[min(groups, key=lambda group: self._rank(self._mean_row(group)))[0]])

    def as_dict(self) -> dict[str, list[Any]]:
        """The table as columns, an element for each network.

        Those settings that differ, as objects or names; ``seed`` and ``fold``; ``cost`` and ``score`` of the examples
        that it learnt from, without l2 and dropout, and ``validation_cost`` and ``validation_score`` of those held out,
        with its parameters as they are; ``epochs``, ``seconds``; and ``stopped`` as in a history, or ``"diverged"``.
        """
        names = dict.fromkeys(name for row in self._rows for name in row)
        return {name: [_plain(row.get(name)) for row in self._rows] for name in names}

    def by_settings(self) -> dict[str, list[Any]]:
        """The same by settings: ``networks``, how many, and of each number the mean and standard deviation of them."""
        rows = []
        for group in self._groups():
            plain = {name: _plain(value) for name, value in self._varied(group[0]).items()}
            row = plain | {"networks": len(group)}
            for name in (each for each in MEASURED if each in self._rows[0]):
                numbers = np.array([self._rows[i][name] for i in group])
                row |= {name: float(numbers.mean()), f"{name}_std": float(numbers.std())}
            row |= {name: self._rows[group[0]][name] for name in ("rung",) if name in self._rows[0]}
            rows.append(row)
        return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}

    def with_features(self, features: Features) -> Networks:
        """Give networks that keep what ``X, features = fs.standardize(X)`` did: see `Network.with_features`."""
        networks = [network and network.with_features(features) for network in self._networks]
        return Networks(networks, self._rows, self.settings)

    def mean(self, X: Any, *, backend: str = "auto", threads: int | None = None) -> NDArray[Any]:
        """The mean of the networks' probabilities or numbers (n_y, m) for X (n_x, m)."""
        return self._moments(X, backend, threads)[0]

    def std(self, X: Any, *, backend: str = "auto", threads: int | None = None) -> NDArray[Any]:
        """How far the networks' probabilities or numbers (n_y, m) for X (n_x, m) lie apart: a standard deviation."""
        return self._moments(X, backend, threads)[1]

    def predict_proba(self, X: Any, *, backend: str = "auto", threads: int | None = None) -> NDArray[Any]:
        """The mean probabilities (n_y, m), of label 1 (``sigmoid``) or of each class (``softmax``)."""
        output = self._finite()[0].output
        if output.numbers:
            raise ValueError(f"these networks' output is {output.name!r}: they predict numbers; mean(X) is their mean")
        return self.mean(X, backend=backend, threads=threads)

    def predict(self, X: Any, *, backend: str = "auto", threads: int | None = None) -> NDArray[Any]:
        """What the mean predicts, as `Network.predict`: 0 or 1 (n_y, m), the index of a class (1, m), or numbers."""
        mean, name = self.mean(X, backend=backend, threads=threads), self._finite()[0].output.name
        if name == "sigmoid":
            return (mean > 0.5).astype(np.int64)
        return mean.argmax(axis=0, keepdims=True) if name == "softmax" else mean

    def __repr__(self) -> str:
        finite = [network for network in self._networks if network is not None]
        about = [f"{len(self)} network{'s' * (len(self) != 1)}"]
        if len(groups := self._groups()) > 1:
            about.append(f"{len(groups)} settings")
        if len(finite) < len(self):
            about.append(f"{len(self) - len(finite)} diverged")
        if finite:
            row = self._rows[self.best_index]
            name = "validation_cost" if "validation_cost" in row else "cost"
            about.append(f"best {name.replace('_', ' ')} {row[name]:.6g}")
        return f"Networks({', '.join(about)})"

    def _finite(self) -> list[Network]:
        """Those that have not diverged."""
        finite = [network for network in self._networks if network is not None]
        if not finite:
            raise ValueError("all networks diverged: try a smaller learning_rate" if len(self) else "no networks")
        return finite

    def _moments(self, X: Any, backend: str, threads: int | None) -> tuple[NDArray[Any], NDArray[Any]]:
        mean = squares = np.zeros(())
        for count, network in enumerate(self._finite(), 1):  # Welford's, which keeps two arrays, however many they are
            A2 = network._forward(X, backend, threads, None)
            dtype, distance = A2.dtype, A2 - mean
            mean = mean + distance / count
            squares = squares + distance * (A2 - mean)
        return mean.astype(dtype), np.sqrt(squares / count).astype(dtype)

    @staticmethod
    def _rank(row: dict[str, Any]) -> tuple[float, float]:
        """What is least of the best."""
        cost = row["validation_cost"] if "validation_cost" in row else row["cost"]
        return -row.get("rung", 0), math.inf if math.isnan(cost) else cost

    def _groups(self) -> list[list[int]]:
        """The numbers of the networks of each settings."""
        groups: dict[int, list[int]] = {}
        for i, settings in enumerate(self.settings):
            groups.setdefault(id(settings), []).append(i)
        return list(groups.values())

    def _mean_row(self, group: list[int]) -> dict[str, Any]:
        rows = [self._rows[i] for i in group]
        name = "validation_cost" if "validation_cost" in rows[0] else "cost"
        return rows[0] | {name: float(np.mean([row[name] for row in rows]))}

    def _varied(self, i: int) -> dict[str, Any]:
        names = list(self._rows[i])
        return {name: self.settings[i][name] for name in names[: names.index("seed")]}


def _plain(value: Any) -> Any:
    """What a table shows of a setting: the name of what has nothing else to tell."""
    return value.name if type(value).__name__ in ("Activation", "Output") else value
