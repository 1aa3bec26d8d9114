"""The two products of the first layer, Z1 = W1 X and dW1 = dZ1 X', hidden units side by side in A and D.

W1 comes in one of two arrangements:

- panels: transposed, in panels of v <= 3 vectors of units, (panel, n_x, v * L). Both products are outer products of
  numbers of X and vectors of units, whatever the memory order of X.
- rows: W1 and dW1 as they are, (n_h, n_x); a vector holds features. For a few examples, where to transpose W1 costs
  more than the products, and for few units on many features, where most lanes of a vector of units would be empty.
"""

from __future__ import annotations

from types import SimpleNamespace

from .compiling import inline
from .products import multiply
from .simd import store
from .tiles import inner_add, tile_accumulate_first, tile_hsum, tile_load, tile_store, tile_zeros


def make_panel_products(L: int, R: int, v: int) -> SimpleNamespace:
    """For one panel of v vectors of units from unit j, which lies from j * depth in W1."""
    w = v * L

    @inline
    def forward(S, at, x_row, x_step, t, j, k, stop):
        # Z1 of examples t, ..., t + R - 1 over features k, ..., stop - 1, added to what is there if k > 0; only these
        # features are in the scratch memory, x_row from example to example and x_step from feature to feature
        i = at.A + t * at.ld_h + j
        acc = tile_load(S, i, at.ld_h, R, v, L) if k > 0 else tile_zeros(S, R, v, L)
        acc = multiply(acc, S, at.X + t * x_row, x_row, x_step, S, at.W1 + j * at.depth + k * w, w, stop - k)
        tile_store(S, i, at.ld_h, acc)

    @inline
    def backward(S, at, x_row, x_step, j, n, k, f, add):
        # dW1' += X dZ1' over n examples for features f, ..., f + R - 1, or = if not `add`
        i = at.gradient + at.W1 + j * at.depth + f * w
        acc = tile_load(S, i, w, R, v, L) if add else tile_zeros(S, R, v, L)
        acc = multiply(acc, S, at.X + (f - k) * x_step, x_step, x_row, S, at.D + j, at.ld_h, n)
        tile_store(S, i, w, acc)

    return SimpleNamespace(forward=forward, backward=backward)


def make_row_products(L: int, V: int) -> SimpleNamespace:
    """For W1 and dW1 (n_h, n_x) in C order, X in the scratch memory with features side by side."""
    J = min(L, 4)  # units, and
    I = max(1, min(L // J, 4))  # noqa: E741  examples, of a register tile: at most L sums

    def make_sums(units, examples):
        @inline
        def sums(W1, S, at, t, j):
            # Z1 of examples t, ... and units j, ..., without the bias
            acc = tile_zeros(S, units, examples, L)
            for k in range(0, at.n_x, L):
                acc = inner_add(acc, W1, j * at.n_x + k, at.n_x, S, at.X + t * at.ld_x + k, at.ld_x, at.n_x - k)
            store(S, at.sums, tile_hsum(acc))
            for u in range(units):
                for e in range(examples):
                    S[at.A + (t + e) * at.ld_h + j + u] = S[at.sums + u * examples + e]

        return sums

    block, column, row, one = make_sums(J, I), make_sums(J, 1), make_sums(1, I), make_sums(1, 1)

    @inline
    def forward(W1, S, at, n, first, last):
        # Z1 of n examples and units first, ..., last - 1, without the bias
        whole_j, whole_t = first + (last - first) // J * J, n // I * I
        for j in range(first, whole_j, J):
            for t in range(0, whole_t, I):
                block(W1, S, at, t, j)
            for t in range(whole_t, n):
                column(W1, S, at, t, j)
        for j in range(whole_j, last):
            for t in range(0, whole_t, I):
                row(W1, S, at, t, j)
            for t in range(whole_t, n):
                one(W1, S, at, t, j)

    def make_outer(units):
        @inline
        def outer(S, at, dW1, j, n, add):
            # rows j, ... of dW1: += dZ1 X' over n examples, or = if not `add`
            for k in range(0, at.n_x, V * L):
                acc = multiply(tile_zeros(S, units, V, L), S, at.D + j, 1, at.ld_h, S, at.X + k, at.ld_x, n)
                tile_accumulate_first(dW1, j * at.n_x + k, at.n_x, acc, at.n_x - k, add)

        return outer

    outer_block, outer_one = make_outer(4), make_outer(1)

    @inline
    def backward(S, at, dW1, n, first, last, add):
        whole = first + (last - first) // 4 * 4
        for j in range(first, whole, 4):
            outer_block(S, at, dW1, j, n, add)
        for j in range(whole, last):
            outer_one(S, at, dW1, j, n, add)

    return SimpleNamespace(forward=forward, backward=backward)
