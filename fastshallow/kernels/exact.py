"""Tiny networks: kernels for constant sizes, each lane of a vector one example.

A tile of examples, which stays in L1, goes through three loops without an inner loop: the hidden layer, the output
layer, and the gradients, whose sums stay in registers. One loop would be so long that the processor could not overlap
one round's latencies with the next round's (measured: a third slower).
"""

from __future__ import annotations

from types import SimpleNamespace

from .columns import column_add, column_affine, column_map, column_map2, column_transposed, cross_add
from .compiling import inline
from .copying import make_copying
from .descent import make_parameters_in_place
from .layout import make_in_place
from .learned_slope import make_learned_slope
from .output_layer import make_output_layer, make_weights
from .random_bits import kept_column, make_starts
from .runs import KEEP
from .simd import element, elements, hsum, load, put, zeros
from .tiles import tile_load, tile_multiply, tile_store, tile_zeros

TILE = 256  # examples


def buffers_size(n_x: int, n_h: int, n_y: int, L: int) -> int:
    """Elements of a thread's buffers: X, Y, weights, Z2, A1, D1, random words for a tile, a vector a parameter."""
    return TILE * (n_x + 2 * n_y + 2 + 2 * n_h) + L * (n_h * n_x + n_h + n_y * n_h + n_y)


def make_exact(formulas: SimpleNamespace, L: int, itemsize: int, n_x: int, n_h: int, n_y: int) -> SimpleNamespace:
    """The step of an n_x-n_h-n_y network on vectors of L examples, T of them in a tile."""
    value, derivative, states = formulas.value, formulas.derivative, formulas.states
    weighted, weights = formulas.weighted, make_weights(formulas.shuffled)
    dropped, starts = formulas.dropped, make_starts(formulas.shuffled, 2 * L)
    W = 2 * L  # two registers a vector where they suffice: independent chains hide each other's latency
    output_errors = make_output_layer(formulas, W).errors
    learned, slopes = formulas.learned, make_learned_slope(formulas, L)
    below, add_slope = slopes.below, slopes.add_slope
    wide_slope_at, slope_at = make_learned_slope(formulas, W).slope_at, slopes.slope_at
    examples = make_copying(W, formulas.shuffled).examples
    x_itemsize, x_examples = formulas.x_itemsize, make_copying(W, formulas.shuffled, formulas.x_kind).examples
    parameters = make_parameters_in_place(formulas, L)
    buffers = buffers_size(n_x, n_h, n_y, L)

    @inline
    def locate(X, b1, b2, T, group, groups, rank):
        return make_in_place(n_x, n_h, n_y, buffers, group, groups, states, rank, itemsize)

    @inline
    def derivatives(z, a, slope):
        return derivative(z, a, slope) * 1.0

    @inline
    def add_sums(S, i, acc, row, gradient, n):
        # adds the lanes of each of n sums up
        tile_store(S, i, row, acc)
        for e in range(n):
            put(S, gradient + e, element(S, gradient + e) + hsum(load(S, i + e * L, L)))

    @inline
    def accumulate(X, Y, control, i, key, begin, end, W1, b1, W2, b2, dW1, S, at, T, scale, with_cost, add):
        # adds scale * (gradients of examples begin, ..., end - 1) to the sums; gives back their cost
        row, column = X.strides[0] // x_itemsize, X.strides[1] // x_itemsize
        row_y, column_y = Y.strides[0] // itemsize, Y.strides[1] // itemsize
        z2, y2, x1 = at.buffers, at.buffers + n_y * TILE, at.buffers + (2 * n_y + 1) * TILE
        a1, d1 = x1 + n_x * TILE, x1 + (n_x + n_h) * TILE  # D1 = g'(Z1)
        words = d1 + n_h * TILE
        sums = words + TILE
        drop = elements(control, KEEP, 2)
        sW1, sb1 = tile_zeros(S, n_h, n_x, L), tile_zeros(S, n_h, 1, L)
        sW2, sb2 = tile_zeros(S, n_y, n_h, L), tile_zeros(S, n_y, 1, L)
        slope, wide_slope, s_slope = slope_at(S, at.slope), wide_slope_at(S, at.slope), tile_zeros(S, n_h, 1, L)
        costs = zeros(S, W)
        for start in range(begin, end, TILE):
            n = min(TILE, end - start)
            columns = (n + W - 1) // W * W
            x_examples(X, control, i, start, row, column, n_x, n, S, x1, TILE, columns)
            examples(Y, control, i, start, row_y, column_y, n_y, n, S, y2, TILE, columns)
            if weighted:
                weights(control, i, start, n, S, y2 + n_y * TILE)
            if dropped:
                starts(control, key, i, start, n, S, words)
            for t in range(0, columns, W):
                z = column_affine(W1, b1, tile_load(S, x1 + t, TILE, n_x, 1, W), n_h)
                a = column_map(value, z, wide_slope)
                d = column_map2(derivatives, z, a, wide_slope)
                if dropped:
                    kept = kept_column(S, words, t, drop, n_h, W)
                    a, d = tile_multiply(a, kept), tile_multiply(d, kept)
                tile_store(S, a1 + t, TILE, a)
                tile_store(S, d1 + t, TILE, d)
            for t in range(0, columns, W):
                tile_store(S, z2 + t, TILE, column_affine(W2, b2, tile_load(S, a1 + t, TILE, n_h, 1, W), n_y))
                costs = costs + output_errors(S, z2 + t, TILE, y2 + t, TILE, n_y, n - t, scale, with_cost)
            for t in range(0, columns, L):
                dz2 = tile_load(S, z2 + t, TILE, n_y, 1, L)
                da, d = column_transposed(W2, dz2, n_h), tile_load(S, d1 + t, TILE, n_h, 1, L)
                a, dz1 = tile_load(S, a1 + t, TILE, n_h, 1, L), tile_multiply(da, d)
                if learned:
                    s_slope = column_add(s_slope, tile_multiply(da, column_map2(below, a, d, slope)))
                sW2, sb2 = cross_add(sW2, dz2, a), column_add(sb2, dz2)
                sW1, sb1 = cross_add(sW1, dz1, tile_load(S, x1 + t, TILE, n_x, 1, L)), column_add(sb1, dz1)
        add_sums(S, sums, sW1, n_x * L, at.gradient, n_h * n_x)
        add_sums(S, sums, sb1, L, at.gradient + at.b1, n_h)
        add_sums(S, sums, sW2, n_h * L, at.gradient + at.W2, n_y * n_h)
        add_sums(S, sums, sb2, L, at.gradient + at.b2, n_y)
        if learned:
            tile_store(S, sums, L, s_slope)
            for j in range(n_h):
                add_slope(S, at.gradient + at.b2 + n_y, load(S, sums + j * L, L), slope)
        return hsum(costs)

    return SimpleNamespace(locate=locate, accumulate=accumulate, **vars(parameters))
