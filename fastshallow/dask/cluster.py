"""The workers of a cluster as one backend: an actor on each, which holds the blocks that lie there."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import partial
from typing import Any

import dask
import distributed

from .. import __version__
from ..formulas import LBFGS, Output, Parameters
from ..training import Data, Minimizing, Settings, Stepwise
from .averaging import Averaging
from .blocks import Described, Holder, Task, describe, fingerprint, load, packed, unpacked
from .sums import Vector, total

LOST = (OSError, RuntimeError, KeyError)  # what a call of an actor raises where its worker is gone
ATTEMPTS = 4  # at a step, before what goes wrong with it is no longer taken for the death of a worker
LOOK = 1.0  # seconds without an answer after which actors are looked for
PACKAGE = __name__.partition(".")[0]


class Cluster:
    """Blocks of examples on the workers of a client.

    To `Stepwise` and `Minimizing` it is a backend: it computes the cost of all blocks, and its gradients.
    """

    def __init__(self, client: distributed.Client, blocks: Sequence[distributed.Future]) -> None:
        self._client, self._blocks = client, blocks
        self._holders: list[distributed.Future] = []
        self._actors: list[Any] = []

    @classmethod
    def load(cls, client: distributed.Client, parts: Sequence[Any], output: Output) -> Cluster:
        """Have the workers check the partitions, where they lie."""
        check_workers(client)
        tasks = [dask.delayed(load, pure=False)(number, *part, output) for number, part in enumerate(parts)]
        return cls(client, client.compute(tasks))

    def described(self) -> list[Described]:
        """What each block is, once all are there; an error is that of the first partition that is wrong."""
        tasks = self._client.map(describe, self._blocks, pure=False)
        distributed.wait(tasks)
        for task in (*self._blocks, *tasks):
            if task.status != "finished":
                task.result()
        found: list[Any] = self._client.gather(tasks)
        for each in found:
            if isinstance(each, Exception):
                raise each
        return found

    def fingerprint(self) -> str:
        """A checksum of all blocks."""
        each = self._client.gather(self._client.map(fingerprint, self._blocks, pure=False))
        return f"{len(each)} blocks {zlib.crc32(' '.join(each).encode()):08x}"

    def steps(
        self, data: Data, p: Parameters, settings: Settings, rates: Any, threads: int | None, state: dict[str, Any]
    ) -> Any:
        """What takes the steps of a run over all blocks."""
        self._task = Task(settings, threads, [each.shape for each in p], len(self._blocks), data.m)
        self._dtype = data.dtype
        self._place()
        if settings.batch_size is not None:
            steps = Averaging(p, settings, rates, partial(self._mean, "epoch"), state)
            self._warm(steps.vector)
            return steps
        self._warm(packed(p))
        if isinstance(settings.optimizer, LBFGS):
            return Minimizing(data, p, settings, self, threads, state)
        return Stepwise(data, p, settings, rates, self, state)

    def cost_and_gradients(self, X: Any, Y: Any, p: Parameters, *formulas: Any) -> tuple[float, Parameters]:
        """The cost of all examples, and its gradients: whatever X and Y stand for them."""
        mean = self._mean("step", packed(p))
        (gradients,) = unpacked(mean[1:].astype(self._dtype), self._task.shapes)
        return float(mean[0]), gradients

    def _mean(self, method: str, *arguments: Any) -> Vector:
        """What actors answer, over all blocks."""
        return total(self._ask(method, *arguments), self._task.blocks)

    def release(self) -> None:
        """Let go of all that lies on the workers."""
        self._dismiss()
        self._blocks = []

    def _dismiss(self) -> None:
        """Let go of the actors, of which handles may live on in cycles until garbage is collected."""
        if self._client.status == "running":
            self._client.cancel(self._holders)
        self._holders, self._actors = [], []

    def _warm(self, w: Any) -> None:
        """Compile on one worker; those that share its folder of compiled code then load it."""
        self._ask("warm", w, most=1)
        self._ask("warm", w)

    def _ask(self, method: str, *arguments: Any, most: int | None = None) -> list[Any]:
        """What the actors answer, or the first of them. If one is lost, all are made anew, and asked again."""
        failure: Exception | None = None
        for _ in range(ATTEMPTS):
            try:
                calls = [getattr(actor, method)(*arguments) for actor in self._actors[:most]]
                return [self._answer(call) for call in calls]
            except LOST as error:
                failure = error
            self._place()
        raise RuntimeError(f"a step has failed {ATTEMPTS} times, at last by {failure!r}") from failure

    def _answer(self, call: Any) -> Any:
        """What one actor answers. Dask itself would look for a dead one for a minute."""
        while True:
            try:
                return call.result(timeout=LOOK)
            except distributed.TimeoutError:
                if call.done():
                    raise
                if self._client.who_has(self._holders) != self._homes:
                    raise OSError("a worker is gone") from None

    def _place(self) -> None:
        """Give each worker an actor that holds the blocks that lie there; lost ones are computed anew before."""
        self._dismiss()
        self._holders = [
            self._client.submit(
                Holder,
                numbers,
                [self._blocks[number] for number in numbers],
                self._task,
                actor=True,
                pure=False,
                workers=[worker],
                allow_other_workers=True,  # if it is lost just now
            )
            for worker, numbers in self._shares().items()
        ]
        self._actors = [copy(each.result()) for each in self._holders]  # a copy belongs to the current client
        self._homes = self._client.who_has(self._holders)

    def _shares(self) -> dict[str, list[int]]:
        """The numbers of the blocks that lie on each worker; of several that hold a block, the first."""
        distributed.wait(self._blocks)
        for block in self._blocks:
            if block.status != "finished":
                block.result()
        where = self._client.who_has(self._blocks)
        shares: dict[str, list[int]] = {}
        for number, block in enumerate(self._blocks):
            worker = min(where[block.key], default=None)
            if worker is None:  # lost since
                return self._shares()
            shares.setdefault(worker, []).append(number)
        return shares


@contextmanager
def connected(client: Any) -> Iterator[distributed.Client]:
    """Make the current client the one given, that of an address or a cluster, or let it be the one that there is."""
    if client is None:
        try:
            client = distributed.get_client()
        except ValueError:
            raise ValueError(
                "no Dask client is running: client = dask.distributed.Client() starts one on this machine, or give "
                "client= the address of a scheduler"
            ) from None
    if isinstance(client, str) or hasattr(client, "scheduler_address"):
        with distributed.Client(client, set_as_default=False) as own, own.as_current():
            yield own
        return
    if not isinstance(client, distributed.Client):
        raise TypeError(
            f"client must be a dask.distributed.Client, the address of a scheduler or a cluster, not {client!r}"
        )
    if client.asynchronous:
        raise TypeError("client must not be asynchronous: training waits for it")
    if client.status != "running":
        raise ValueError(f"client must be running, but it is {client.status}")
    with client.as_current():
        yield client


def check_workers(client: distributed.Client) -> None:
    """Refuse workers without this package, or with another version of it."""

    def version(package: str) -> str | None:  # travels as it is, for its own module may be missing there
        from importlib import import_module

        try:
            return str(import_module(package).__version__)
        except ImportError:
            return None

    for worker, found in sorted(client.run(version, PACKAGE, on_error="ignore").items()):
        if found != __version__:
            has = f"{PACKAGE} {found}" if found else f"no {PACKAGE}"
            raise RuntimeError(
                f"worker {worker} has {has}, but this process has {PACKAGE} {__version__}: "
                f"pip install {PACKAGE}=={__version__} there"
            )
