"""Threads over groups of examples, whose gradients are summed in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..backward import ARGUMENTS, MISTAKES, RESULTS, Gradients
from ..backward import reference as mean_gradients
from ..backward import with_ as backward_with
from ..format import Arguments, Bench, Check, Exercise, Fact, Formula, Mistake, Sizes, Tier, as_arrays_come
from ..networks import Array, network

SMALL = {"n_x": 3, "n_h": 4, "n_y": 2, "m": 13, "group": 4, "threads": 3}
FOUR = {"n_x": 3, "n_h": 4, "n_y": 1, "m": 25, "group": 8}  # groups, the last of one example
Groups = Callable[[int, int, int], Iterator[slice]]


SUMS = backward_with(  # of examples, with no division that would round
    dW1_=lambda dZ1, X: dZ1 @ X.T,
    dW2_=lambda dZ2, A1: dZ2 @ A1.T,
    db1_=lambda d: d.sum(1, keepdims=True),
    db2_=lambda d: d.sum(1, keepdims=True),
)


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """X, Y, W1, b1, W2, b2, group, threads."""
    return *network(random, sizes, dtype), sizes["group"], sizes["threads"]


def cancelling(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """The groups' sums for the first feature are 2, -B, B and 1 times the same, which are 1 in this order alone."""
    X, Y, W1, b1, W2, b2, group, threads = make_case(random, sizes, dtype)
    X[0], W1[:, 0], b1[...], b2[...] = 0, 0, 0, 0
    for g, value in ((0, 2.0), (1, -(2.0**70)), (2, 2.0**70), (3, 1.0)):
        X[:, g * group], Y[:, g * group] = 0, 1
        X[0, g * group] = value
    return X, Y, W1, b1, W2, b2, group, threads


def groups(m: int, group: int, threads: int) -> Iterator[slice]:
    """By the number of examples alone."""
    return (slice(start, min(start + group, m)) for start in range(0, m, group))


def by_threads(m: int, group: int, threads: int) -> Iterator[slice]:
    """One group for each thread."""
    return groups(m, -(-m // threads), threads)


def reference(
    X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, group: int, threads: int
) -> tuple[Any, ...]:
    """Group after group, by the package's gradients."""
    total = None
    for part in groups(X.shape[1], group, threads):
        n = part.stop - part.start
        found = [n * each for each in mean_gradients(X[:, part], Y[:, part], W1, b1, W2, b2)]
        total = found if total is None else [a + b for a, b in zip(total, found, strict=True)]
    assert total is not None
    return tuple(each / X.shape[1] for each in total)


def with_(
    groups_: Groups = groups,
    order: Callable[[list[Any]], Sequence[Any]] = lambda parts: parts,
    weight: Callable[[int, int, int], float] = lambda n, m, count: n / m,
    one: Formula = mean_gradients,
) -> Formula:
    """The sum, with a part replaced."""

    def gradients(
        X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, group: int, threads: int
    ) -> tuple[Any, ...]:
        m = X.shape[1]
        parts = list(groups_(m, group, threads))
        found = []
        for part in parts:
            factor = weight(part.stop - part.start, m, len(parts))
            found.append([factor * each for each in one(X[:, part], Y[:, part], W1, b1, W2, b2)])
        return tuple(sum(each[1:], each[0]) for each in zip(*order(found), strict=True))

    return gradients


def whole_alone(m: int, group: int, threads: int) -> Iterator[slice]:
    """Without the last, smaller one."""
    return (part for part in groups(m, group, threads) if part.stop - part.start == group)


def short(m: int, group: int, threads: int) -> Iterator[slice]:
    """Each without its last example."""
    return (slice(p.start, p.stop - 1) for p in groups(m, group, threads) if p.stop - p.start > 1)


def overlapping(m: int, group: int, threads: int) -> Iterator[slice]:
    """Each with the first example of the next."""
    return (slice(p.start, min(p.stop + 1, m)) for p in groups(m, group, threads))


def gradients_alone(
    X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, group: int, threads: int
) -> Gradients:
    """One thread, all examples at once."""
    found: Gradients = backward_with()(X, Y, W1, b1, W2, b2)
    return found


def at_work(counts: Sequence[int]) -> str | None:
    """There are other threads."""
    if counts[0] >= 2:
        return None
    return f"{counts[0]} other threads are at work, where 2 or more are asked for: ThreadPoolExecutor(threads)"


EXERCISE = Exercise(
    title="Threads, and sums that are the same each time",
    function="gradients",
    arguments=(*ARGUMENTS, "group", "threads"),
    results=RESULTS,
    make_case=make_case,
    reference=reference,
    imports=("numpy", "concurrent", "threading"),
    refused={
        "vectorize": "it is a loop in Python all the same",
        "as_completed": "the order in which groups are done is another each time; pool.map keeps that of the groups",
        "imap_unordered": "the order in which groups are done is another each time; map keeps that of the groups",
        "Lock": "it keeps additions apart, but not in order; let each group return its sums, and add them afterwards",
    },
    checks=(
        Check("four groups, three threads", (SMALL,), points=3),
        Check(
            "the sum is in the order of the groups, for any number of threads",
            tuple({**FOUR, "threads": threads} for threads in (2, 3, 1, 4, 5)),
            points=3,
            make=cancelling,
        ),
        Check(
            "the same where the last group is done first",
            tuple({**FOUR, "group": 3000, "m": 9001, "threads": threads} for threads in (2, 2, 3, 4)),
            points=2,
            make=cancelling,
        ),
        Check("one of everything", ({"n_x": 1, "n_h": 1, "n_y": 1, "m": 1, "group": 1, "threads": 1},)),
        Check("a group larger than the data", ({**SMALL, "m": 3, "group": 8},)),
        Check("groups that fit", ({**SMALL, "m": 12},)),
        Check("groups of one", ({**SMALL, "m": 5, "group": 1},)),
        Check("more threads than groups", ({**SMALL, "threads": 7},)),
        Check("odd and prime sizes", ({"n_x": 13, "n_h": 7, "n_y": 3, "m": 101, "group": 17, "threads": 2},)),
        *as_arrays_come(SMALL),
    ),
    mistakes=(
        Mistake(
            "There are as many groups as threads: another number of threads is another sum. Cut by group alone.",
            with_(by_threads, weight=lambda n, m, count: 1 / m, one=SUMS),
        ),
        Mistake("The groups are summed from the last to the first.", with_(order=lambda found: found[::-1])),
        Mistake(
            "It is a mean of the groups' means: the last one is smaller, and counts less. Sum, then divide by m.",
            with_(weight=lambda n, m, count: 1 / count),
        ),
        Mistake(
            "The groups' means are summed: sum what each group sums, then divide by m.", with_(weight=lambda *_: 1)
        ),
        Mistake("The 1/m is left out of all gradients: divide the sum by m = {m}.", with_(weight=lambda n, m, c: n)),
        Mistake(
            "All groups are divided by the group's size, {group}: divide by m = {m}.",
            lambda *each: tuple(g * each[0].shape[1] / each[6] for g in reference(*each)),
        ),
        Mistake("Only the last group counts: add up all of them.", with_(order=lambda found: found[-1:])),
        Mistake("Only the first group counts: add up all of them.", with_(order=lambda found: found[:1])),
        Mistake("The last, smaller group is dropped.", with_(whole_alone)),
        Mistake("Each group lacks its last example: a slice ends before its end.", with_(short)),
        Mistake("Each group has the first example of the next one too.", with_(overlapping)),
        Mistake(
            "The first group is added twice: does the sum begin with it, and then add all?",
            with_(order=lambda found: [found[0], *found]),
        ),
        Mistake("dZ2 has the wrong sign.", with_(one=backward_with(dZ2_=lambda A2, Y, Z2: Y - A2))),
        *(Mistake(each.message, with_(one=each.formula)) for each in MISTAKES if "1 - A1" in each.message),
    ),
    facts=(Fact("threads are at work", "threads", ({**SMALL, "m": 4000, "group": 500},), at_work),),
    bench=Bench(
        sizes={"n_x": 16, "n_h": 64, "n_y": 1, "m": 16_384, "group": 2048, "threads": 2},
        baseline=gradients_alone,
        baseline_is="one thread, all examples at once",
        dtype="float32",
        tiers=(
            Tier(
                "gold",
                0.8,
                "the cores: each computes what one did alone. What is left is starting the threads, and the "
                "parts that hold Python's lock. On a machine of one core, or a busy one, nothing is gained",
            ),
            Tier("silver", 0.65, "groups that wait for each other, or Python's lock: many small calls"),
            Tier("bronze", 0.4, "one thread at work, or several that do the same"),
        ),
        below="one thread, and temporaries that are not needed",
    ),
)
