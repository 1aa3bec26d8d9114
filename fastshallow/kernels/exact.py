"""Tiny networks: kernels for constant sizes, each lane of a vector one example.

A tile of examples, which stays in L1, goes through loops without an inner loop: the hidden layer, the output layer, and
the gradients of some units at a time, as many as have their sums in registers. One loop would be so long that the
processor could not overlap one round's latencies with the next round's (measured: a third slower).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from .arithmetic import Entries
from .copying import make_copying
from .machine import many_registers, register_bits
from .marks import helper, inline
from .simd.columns import column_add, column_affine, column_formula, column_transposed, cross_add
from .simd.tiles import tile_load, tile_multiply, tile_store
from .simd.vectors import call, clear, element, hsum, load, put, shifted
from .sizes import EXACT_TILE as TILE
from .sizes import round_up

SUMS = 26 if many_registers() else 10  # that stay in registers beside what they are made of


def make_exact(hidden: Any, L: int, n_x: int, n_h: int, n_y: int) -> Entries:
    """The entries of an n_x-n_h-n_y network on vectors of L examples."""
    W = 2 * L  # two registers a vector where they suffice: independent chains hide each other's latency
    value, derivative = column_formula(hidden.value), column_formula(hidden.derivative)
    copy_row = make_copying(L).copy_row
    # where each gradient's sums begin, of as many lanes each, and where they end
    at_b1, at_W2, at_b2, end_of_sums = (L * n for n in itertools.accumulate((n_h * n_x, n_h, n_y * n_h, n_y)))

    @inline
    def add_sums(place, at, gradient, n):
        # adds the lanes of each of n sums up
        for e in range(n):
            put(gradient, e, element(gradient, e) + hsum(load(place.sums, at + e * L, L)))

    @helper
    def hidden_layer(run, place, columns):
        for t in range(0, columns, W):
            z = column_affine(run.W1, run.b1, tile_load(place.X, t, TILE, n_x, 1, W), n_h)
            a = value(z)
            tile_store(place.A, t, TILE, a)
            tile_store(place.D, t, TILE, derivative(z, a))

    @helper
    def scores(run, place, columns):
        for t in range(0, columns, W):
            z = column_affine(run.W2, run.b2, tile_load(place.A, t, TILE, n_h, 1, W), n_y)
            tile_store(place.Z, t, TILE, z)

    def make_gradients(first: int, last: int) -> Callable[..., Any]:
        """The gradients of units first, ..., last - 1, and with the first ones of b2."""
        J, S = last - first, n_x * L

        @helper
        def gradients(run, place, columns):
            sW1 = tile_load(place.sums, first * S, S, J, n_x, L)
            sb1 = tile_load(place.sums, at_b1 + first * L, L, J, 1, L)
            sW2 = tile_load(place.sums, at_W2 + first * L, n_h * L, n_y, J, L)
            sb2 = tile_load(place.sums, at_b2, L, n_y, 1, L)
            for t in range(0, columns, L):
                x, dz2 = tile_load(place.X, t, TILE, n_x, 1, L), tile_load(place.Z, t, TILE, n_y, 1, L)
                i = first * TILE + t
                a, d = tile_load(place.A, i, TILE, J, 1, L), tile_load(place.D, i, TILE, J, 1, L)
                dz1 = tile_multiply(column_transposed(run.W2, dz2, first, J, n_h), d)
                sW2, sW1, sb1 = cross_add(sW2, dz2, a), cross_add(sW1, dz1, x), column_add(sb1, dz1)
                if first == 0:
                    sb2 = column_add(sb2, dz2)
            tile_store(place.sums, first * S, S, sW1)
            tile_store(place.sums, at_b1 + first * L, L, sb1)
            tile_store(place.sums, at_W2 + first * L, n_h * L, sW2)
            if first == 0:
                tile_store(place.sums, at_b2, L, sb2)

        return gradients

    def make_all_gradients(first: int) -> Callable[..., Any]:
        """The gradients of all units from `first` on."""
        last = min(first + units_at_once, n_h)
        some = make_gradients(first, last)
        if last == n_h:
            return some
        rest = make_all_gradients(last)

        @helper
        def all_gradients(run, place, columns):
            some(run, place, columns)
            rest(run, place, columns)

        return all_gradients

    groups = max(1, -(-n_h * (n_x + 1 + n_y) // SUMS))  # of units, whose sums stay in registers
    units_at_once = -(-n_h // groups)
    all_gradients = make_all_gradients(0)

    def accumulate(run, place, begin, end, _, __):
        # adds the gradients of examples begin, ..., end - 1 to the sums; gives back their cost
        cost = 0.0
        clear(place.sums, end_of_sums // L * (register_bits() // 8))
        for start in range(begin, end, TILE):
            n = min(TILE, end - start)
            columns = round_up(n, W)
            call(run.load_x, run, place, start, n, 0, n_x)
            call(run.load_y, run, place, start, n, columns, 0)
            hidden_layer(run, place, columns)
            if run.dropped:
                call(run.drop, run, place, start, n, 0, n_h)
            scores(run, place, columns)
            cost += call(run.output, run, place, n, 0, 0, 0)
            all_gradients(run, place, columns)
        add_sums(place, 0, place.dW1, n_h * n_x)
        add_sums(place, at_b1, place.db1, n_h)
        add_sums(place, at_W2, place.dW2, n_y * n_h)
        add_sums(place, at_b2, place.db2, n_y)
        return cost

    def predict(run, place, begin, n, _, __):
        # A2 of n examples; gives back how many are NaN
        odd = 0.0
        for start in range(begin, begin + n, TILE):
            count = min(TILE, begin + n - start)
            call(run.load_x, run, place, start, count, 0, n_x)
            hidden_layer(run, place, round_up(count, W))
            scores(run, place, round_up(count, W))
            odd += call(run.outputs, run, place, count, 0, 0, 0)
            for y in range(n_y):
                copy_row(shifted(place.Z, y * TILE), count, shifted(run.A2, y * run.m + start), count)
        return odd

    return {"accumulate": accumulate, "predict": predict}
