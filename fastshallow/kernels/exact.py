"""Tiny networks: kernels for constant sizes, each lane of a vector one example.

A block of L examples goes through the whole step in registers: straight-line code without a loop, the sums of all
gradients included.
"""

from __future__ import annotations

from types import SimpleNamespace

from .columns import column_add, column_affine, column_map, column_map2, column_transposed, cross_add
from .compiling import inline
from .copying import make_copying
from .descent import make_parameters_in_place
from .output_layer import make_output_layer
from .simd import element, hsum, load, put, zeros
from .tiles import tile_load, tile_multiply, tile_store, tile_zeros


def scratch_size(n_x: int, n_h: int, n_y: int, L: int) -> int:
    """Elements of scratch memory: a block of X, Y and Z2, and a vector for each parameter."""
    return L * (n_x + 2 * n_y + n_h * n_x + n_h + n_y * n_h + n_y)


def make_exact(formulas: SimpleNamespace, L: int, itemsize: int, n_x: int, n_h: int, n_y: int) -> SimpleNamespace:
    """The step of an n_x-n_h-n_y network on vectors of L examples, which may span several registers."""
    value, slope = formulas.value, formulas.derivative
    output_errors = make_output_layer(formulas, L).errors
    copy = make_copying(L).copy
    parameters = make_parameters_in_place(L)
    z2, y2, x2 = 0, n_y * L, 2 * n_y * L  # where the blocks of Z2, Y and X lie in the scratch memory
    sums = x2 + n_x * L

    @inline
    def derivative(z, a):
        return slope(z, a) * 1.0

    @inline
    def add_sums(S, i, acc, row, gradient):
        # adds the lanes of each sum up
        tile_store(S, i, row, acc)
        for e in range(gradient.size):
            put(gradient, e, element(gradient, e) + hsum(load(S, i + e * L, L)))

    @inline
    def accumulate(X, Y, begin, end, W1, b1, W2, b2, dW1, db1, dW2, db2, S, at, T, scale, with_cost):
        # adds scale * (gradients of examples begin, ..., end - 1) to the sums; gives back their cost
        row, column = X.strides[0] // itemsize, X.strides[1] // itemsize
        row_y, column_y = Y.strides[0] // itemsize, Y.strides[1] // itemsize
        sW1, sb1 = tile_zeros(S, n_h, n_x, L), tile_zeros(S, n_h, 1, L)
        sW2, sb2 = tile_zeros(S, n_y, n_h, L), tile_zeros(S, n_y, 1, L)
        costs = zeros(S, L)
        for t in range(begin, end, L):
            n = min(L, end - t)
            copy(X, t * column, row, column, n_x, n, S, x2, L, L)
            copy(Y, t * column_y, row_y, column_y, n_y, n, S, y2, L, L)
            x = tile_load(S, x2, L, n_x, 1, L)
            z = column_affine(W1, b1, x, n_h)
            a = column_map(value, z)
            tile_store(S, z2, L, column_affine(W2, b2, a, n_y))
            costs = costs + output_errors(S, z2, L, y2, L, n_y, n, scale, with_cost)
            dz2 = tile_load(S, z2, L, n_y, 1, L)
            dz1 = tile_multiply(column_transposed(W2, dz2, n_h), column_map2(derivative, z, a))
            sW2, sb2 = cross_add(sW2, dz2, a), column_add(sb2, dz2)
            sW1, sb1 = cross_add(sW1, dz1, x), column_add(sb1, dz1)
        add_sums(S, sums, sW1, n_x * L, dW1)
        add_sums(S, sums, sb1, L, db1)
        add_sums(S, sums, sW2, n_h * L, dW2)
        add_sums(S, sums, sb2, L, db2)
        return hsum(costs)

    return SimpleNamespace(accumulate=accumulate, **vars(parameters))
