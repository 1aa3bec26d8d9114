"""Dropout on a tile: A1 and D1 without the units that are dropped."""

from __future__ import annotations

from .arithmetic import Entries
from .marks import inline
from .simd.random_bits import kept_examples, kept_units, put_starts, put_starts_in_order
from .simd.vectors import load, store


def make_dropping(L: int, examples: bool) -> Entries:
    """The entry `drop`, with units or examples side by side: for n examples from `begin` on, and some units."""

    @inline
    def starts(run, place, begin, n):
        # where the random words of each example start
        for t in range(0, n, L):
            if run.shuffled:
                put_starts_in_order(place.words, t, place.key1, place.key2, place.order, begin + t, n - t, L)
            else:
                put_starts(place.words, t, place.key1, place.key2, begin + t, L)

    def drop_units(run, place, begin, n, j0, j1):
        starts(run, place, begin, n)
        for t in range(n):
            for j in range(j0, j1, L):
                i = t * run.ld_h + j
                kept = kept_units(place.words, t, j, run.keep, run.scale, place.A, L)
                store(place.A, i, load(place.A, i, L) * kept)
                store(place.D, i, load(place.D, i, L) * kept)
        return 0.0

    def drop_examples(run, place, begin, n, j0, j1):
        starts(run, place, begin, n)
        for j in range(j0, j1):
            for t in range(0, n, L):
                i = j * run.ld_t + t
                kept = kept_examples(place.words, t, j, run.keep, run.scale, place.A, L)
                store(place.A, i, load(place.A, i, L) * kept)
                store(place.D, i, load(place.D, i, L) * kept)
        return 0.0

    return {"drop": drop_examples if examples else drop_units}
