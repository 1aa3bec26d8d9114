"""Tiny networks: kernels for constant sizes, each lane of a vector one example.

A tile of examples, which stays in L1, goes through three loops without an inner loop: the hidden layer, the output
layer, and the gradients, whose sums stay in registers. One loop would be so long that the processor could not overlap
one round's latencies with the next round's (measured: a third slower).
"""

from __future__ import annotations

from typing import Any

from .arithmetic import Entries
from .copying import make_copying
from .marks import helper, inline
from .simd.columns import column_add, column_affine, column_formula, column_transposed, cross_add
from .simd.tiles import tile_load, tile_multiply, tile_store, tile_zeros
from .simd.vectors import call, element, hsum, load, put, shifted
from .sizes import EXACT_TILE as TILE
from .sizes import round_up


def make_exact(hidden: Any, L: int, n_x: int, n_h: int, n_y: int) -> Entries:
    """The entries of an n_x-n_h-n_y network on vectors of L examples."""
    W = 2 * L  # two registers a vector where they suffice: independent chains hide each other's latency
    value, derivative = column_formula(hidden.value), column_formula(hidden.derivative)
    copy_row = make_copying(L).copy_row

    @inline
    def add_sums(place, acc, row, gradient, n):
        # adds the lanes of each of n sums up
        tile_store(place.sums, 0, row, acc)
        for e in range(n):
            put(gradient, e, element(gradient, e) + hsum(load(place.sums, e * L, L)))

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

    def accumulate(run, place, begin, end, _, __):
        # adds the gradients of examples begin, ..., end - 1 to the sums; gives back their cost
        sW1, sb1 = tile_zeros(place.X, n_h, n_x, L), tile_zeros(place.X, n_h, 1, L)
        sW2, sb2 = tile_zeros(place.X, n_y, n_h, L), tile_zeros(place.X, n_y, 1, L)
        cost = 0.0
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
            for t in range(0, columns, L):
                dz2 = tile_load(place.Z, t, TILE, n_y, 1, L)
                dz1 = tile_multiply(column_transposed(run.W2, dz2, n_h), tile_load(place.D, t, TILE, n_h, 1, L))
                sW2, sb2 = cross_add(sW2, dz2, tile_load(place.A, t, TILE, n_h, 1, L)), column_add(sb2, dz2)
                sW1, sb1 = cross_add(sW1, dz1, tile_load(place.X, t, TILE, n_x, 1, L)), column_add(sb1, dz1)
        add_sums(place, sW1, n_x * L, place.dW1, n_h * n_x)
        add_sums(place, sb1, L, place.db1, n_h)
        add_sums(place, sW2, n_h * L, place.dW2, n_y * n_h)
        add_sums(place, sb2, L, place.db2, n_y)
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
