"""The two products of the first layer, Z1 = W1 X and dW1 = dZ1 X', hidden units side by side in A and D.

W1 comes in one of two arrangements:

- panels: transposed, in panels of 2 or 3 vectors of units, (panel, depth, v * L). Both products are outer products of
  numbers of X and vectors of units, whatever the memory order of X.
- rows: W1 and dW1 as they are, (n_h, n_x); a vector holds features. For a few examples, where to transpose W1 costs
  more than the products, and for few units on many features, where most lanes of a vector of units would be empty.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from .marks import helper, inline
from .products import multiply
from .simd.tiles import (
    add_rows,
    inner_add,
    tile_accumulate_first,
    tile_hsum,
    tile_load,
    tile_multiply,
    tile_store,
    tile_zeros,
)
from .simd.vectors import element, put, store

PANELS = (2, 3)  # vectors of units in a panel


def make_panel_products(L: int, R: int, v: int) -> SimpleNamespace:
    """For one panel of v vectors of units from unit j, which lies from j * depth in W1."""
    w = v * L

    @inline
    def forward(run, place, t, j, k, stop):
        # Z1 of examples t, ..., t + R - 1 over features k, ..., stop - 1, added to what is there if k > 0; only these
        # features are in the buffer
        i = t * run.ld_h + j
        acc = tile_load(place.A, i, run.ld_h, R, v, L) if k > 0 else tile_zeros(place.A, R, v, L)
        W1 = j * run.depth + k * w
        acc = multiply(acc, place.X, t * run.x_next, run.x_next, run.x_step, run.W1, W1, w, stop - k)
        tile_store(place.A, i, run.ld_h, acc)

    @inline
    def backward(run, place, j, n, k, f, add):
        # dW1' += X dZ1' over n examples for features f, ..., f + R - 1, or = if not `add`
        i = j * run.depth + f * w
        acc = tile_load(place.dW1, i, w, R, v, L) if add else tile_zeros(place.dW1, R, v, L)
        acc = multiply(acc, place.X, (f - k) * run.x_step, run.x_step, run.x_next, place.D, j, run.ld_h, n)
        tile_store(place.dW1, i, w, acc)

    def make_output_product(outputs: int) -> Callable[..., Any]:
        @inline
        def add_product(run, place, y, j, n):
            # dW2 += dZ2 A1' for some outputs from y
            i = y * run.width + j
            acc = tile_load(place.dW2, i, run.width, outputs, v, L)
            acc = multiply(acc, place.Z, y * run.ld_t, run.ld_t, 1, place.A, j, run.ld_h, n)
            tile_store(place.dW2, i, run.width, acc)

        return add_product

    add_outputs, add_output = make_output_product(R), make_output_product(1)

    @helper
    def errors(run, place, j, n):
        # dW2 += dZ2 A1', dZ1 = W2' dZ2 * D1, db1 += dZ1
        whole = run.n_y // R * R
        for y in range(0, whole, R):
            add_outputs(run, place, y, j, n)
        for y in range(whole, run.n_y):
            add_output(run, place, y, j, n)
        for t in range(0, n, R):
            i = t * run.ld_h + j
            acc = tile_zeros(place.D, R, v, L)
            dA = multiply(acc, place.Z, t, 1, run.ld_t, run.W2, j, run.width, run.n_y)
            dZ = tile_multiply(dA, tile_load(place.D, i, run.ld_h, R, v, L))
            tile_store(place.D, i, run.ld_h, dZ)
            add_rows(place.db1, j, dZ)

    return SimpleNamespace(forward=forward, backward=backward, errors=errors)


def make_row_products(L: int, V: int) -> SimpleNamespace:
    """For W1 and dW1 (n_h, n_x) in C order, X in the buffer with features side by side."""
    J = min(L, 4)  # units, and
    I = max(1, min(L // J, 4))  # noqa: E741  examples, of a register tile: at most L sums

    def make_sums(units: int, examples: int) -> Callable[..., Any]:
        @inline
        def sums(run, place, t, j):
            # Z1 of examples t, ... and units j, ..., without the bias
            acc = tile_zeros(place.A, units, examples, L)
            n_x, w, x = run.n_x, j * run.n_x, t * run.x_next
            whole = n_x // L * L
            for k in range(0, whole, L):
                acc = inner_add(acc, run.W1, w + k, n_x, place.X, x + k, run.x_next, L)
            if whole < n_x:
                acc = inner_add(acc, run.W1, w + whole, n_x, place.X, x + whole, run.x_next, n_x - whole)
            store(place.sums, 0, tile_hsum(acc))
            for u in range(units):
                for e in range(examples):
                    put(place.A, (t + e) * run.ld_h + j + u, element(place.sums, u * examples + e))

        return sums

    block, column, row, one = make_sums(J, I), make_sums(J, 1), make_sums(1, I), make_sums(1, 1)

    @helper
    def forward(run, place, n, first, last):
        # Z1 of n examples and units first, ..., last - 1, without the bias
        whole_j, whole_t = first + (last - first) // J * J, n // I * I
        for j in range(first, whole_j, J):
            for t in range(0, whole_t, I):
                block(run, place, t, j)
            for t in range(whole_t, n):
                column(run, place, t, j)
        for j in range(whole_j, last):
            for t in range(0, whole_t, I):
                row(run, place, t, j)
            for t in range(whole_t, n):
                one(run, place, t, j)

    def make_outer(units: int) -> Callable[..., Any]:
        @inline
        def outer(run, place, j, n, add):
            # rows j, ... of dW1: += dZ1 X' over n examples, or = if not `add`
            for k in range(0, run.n_x, V * L):
                acc = tile_zeros(place.D, units, V, L)
                acc = multiply(acc, place.D, j, 1, run.ld_h, place.X, k, run.x_next, n)
                tile_accumulate_first(place.dW1, j * run.n_x + k, run.n_x, acc, run.n_x - k, add)

        return outer

    outer_block, outer_one = make_outer(4), make_outer(1)

    @helper
    def backward(run, place, n, first, last, add):
        whole = first + (last - first) // 4 * 4
        for j in range(first, whole, 4):
            outer_block(run, place, j, n, add)
        for j in range(whole, last):
            outer_one(run, place, j, n, add)

    return SimpleNamespace(forward=forward, backward=backward)
