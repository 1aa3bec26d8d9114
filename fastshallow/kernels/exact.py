"""Tiny networks: kernels for constant sizes, each lane of a vector one example.

A block of L examples goes through the whole step in registers: straight-line code without a loop, the sums of all
gradients included.
"""

from __future__ import annotations

from types import SimpleNamespace

from .columns import column_add, column_affine, column_map, column_map2, column_transposed, cross_add
from .compiling import inline
from .copying import make_copying
from .descent import make_descend
from .output_layer import make_output_layer
from .simd import element, hsum, load, put, store, zeros
from .tiles import tile_load, tile_multiply, tile_store, tile_zeros


def make_exact(formulas: SimpleNamespace, L: int, itemsize: int, n_x: int, n_h: int, n_y: int) -> SimpleNamespace:
    value, slope = formulas.value, formulas.derivative
    output = make_output_layer(formulas, L)
    output_values, output_errors = output.values, output.errors
    copying = make_copying(L)
    copy, fill = copying.copy, copying.fill
    parameters = n_h * n_x + n_h + n_y * n_h + n_y

    @inline
    def derivative(z, a):
        return slope(z, a) * 1.0

    @inline
    def accumulate(X, Y, begin, end, W1, b1, W2, b2, dW1, db1, dW2, db2, S, at, T, scale, with_cost):
        # adds scale * (gradients of examples begin, ..., end - 1) to the sums; gives back their cost
        row, column = X.strides[0] // itemsize, X.strides[1] // itemsize
        row_y, column_y = Y.strides[0] // itemsize, Y.strides[1] // itemsize
        z2, y, px = 0, n_y * L, 2 * n_y * L
        sums = px + n_x * L
        sW1, sb1 = tile_zeros(S, n_h, n_x, L), tile_zeros(S, n_h, 1, L)
        sW2, sb2 = tile_zeros(S, n_y, n_h, L), tile_zeros(S, n_y, 1, L)
        costs = zeros(S, L)
        for t in range(begin, end, L):
            n = min(L, end - t)
            copy(X, t * column, row, column, n_x, n, S, px, L, L)
            copy(Y, t * column_y, row_y, column_y, n_y, n, S, y, L, L)
            x = tile_load(S, px, L, n_x, 1, L)
            z = column_affine(W1, b1, x, n_h)
            a = column_map(value, z)
            tile_store(S, z2, L, column_affine(W2, b2, a, n_y))
            costs = costs + output_errors(S, z2, L, y, L, n_y, n, scale, with_cost)
            d2 = tile_load(S, z2, L, n_y, 1, L)
            sW2, sb2 = cross_add(sW2, d2, a), column_add(sb2, d2)
            d1 = tile_multiply(column_transposed(W2, d2, n_h), column_map2(derivative, z, a))
            sW1, sb1 = cross_add(sW1, d1, x), column_add(sb1, d1)
        tile_store(S, sums, n_x * L, sW1)
        tile_store(S, sums + n_h * n_x * L, L, sb1)
        tile_store(S, sums + n_h * (n_x + 1) * L, n_h * L, sW2)
        tile_store(S, sums + (parameters - n_y) * L, L, sb2)
        add_sums(S, sums, dW1)
        add_sums(S, sums + n_h * n_x * L, db1)
        add_sums(S, sums + n_h * (n_x + 1) * L, dW2)
        add_sums(S, sums + (parameters - n_y) * L, db2)
        return hsum(costs)

    @inline
    def add_sums(S, s, gradient):
        for e in range(gradient.size):
            put(gradient, e, element(gradient, e) + hsum(load(S, s + e * L, L)))

    return SimpleNamespace(accumulate=accumulate)
