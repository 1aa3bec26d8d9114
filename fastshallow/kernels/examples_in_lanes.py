"""Narrow networks: each lane of a vector is one example, so that no lane is wasted however few units there are.

A tile of T examples goes through the whole step while it is in cache. X, A1, D1 = g'(Z1), Z2 and Y are matrices with a
row for each feature, unit or output, and examples side by side.
"""

from __future__ import annotations

from types import SimpleNamespace

from .compiling import inline
from .copying import make_copying
from .descent import make_parameters_in_place
from .layout import make_in_place, odd_lines
from .output_layer import make_output_layer, make_weights
from .products import make_products
from .random_bits import kept_examples, make_starts
from .runs import KEEP
from .simd import elements, hsum, load, splat, store, zeros


@inline
def buffers_size(n_x: int, n_h: int, n_y: int, T: int, L: int, itemsize: int) -> int:
    """Elements of a thread's buffers: X, Y, weights, Z2, A1, D1 and a random word for T examples, and a vector."""
    return (n_x + 2 * n_y + 2 + 2 * n_h) * odd_lines(T, itemsize) + L


def make_examples_in_lanes(formulas: SimpleNamespace, L: int, V: int, itemsize: int) -> SimpleNamespace:
    """The step on vectors of L examples, V of them in a row of a register tile; tiles of a multiple of V * L."""
    value, derivative, states = formulas.value, formulas.derivative, formulas.states
    weighted, weights = formulas.weighted, make_weights(formulas.shuffled)
    dropped, starts = formulas.dropped, make_starts(formulas.shuffled, L)
    output = make_output_layer(formulas, L)
    output_values, output_errors = output.values, output.errors
    copying, products = make_copying(L, formulas.shuffled), make_products(L, V)
    copy, examples = copying.copy, copying.examples
    product, add_gradient, add_row_sums = products.product, products.add_gradient, products.add_row_sums

    @inline
    def locate(X, b1, b2, T, group, groups, rank):
        buffers = buffers_size(X.shape[0], b1.size, b2.size, T, L, itemsize)
        return make_in_place(X.shape[0], b1.size, b2.size, buffers, group, groups, states, rank, itemsize)

    @inline
    def columns_of(n):
        return (n + V * L - 1) // (V * L) * (V * L)

    @inline
    def hidden_layer(S, x, n_x, W1, b1, a, d, ld, columns, words, drop):
        # A1 = g(W1 X + b1), D1 = g'(Z1), both without dropped units
        n_h = b1.size
        product(W1, 0, n_x, 1, n_h, S, x, ld, n_x, S, a, ld, columns)
        for j in range(n_h):
            bias = splat(b1, j, L)
            for t in range(j * ld, j * ld + columns, L):
                z = load(S, a + t, L) + bias
                unit = value(z)
                slope = derivative(z, unit) * 1.0
                if dropped:
                    kept = kept_examples(S, words, t - j * ld, j, drop, L)
                    unit, slope = unit * kept, slope * kept
                store(S, a + t, unit)
                store(S, d + t, slope)

    @inline
    def scores(S, a, n_h, W2, b2, z, ld, columns):
        # Z2 = W2 A1 + b2
        product(W2, 0, n_h, 1, b2.size, S, a, ld, n_h, S, z, ld, columns)
        for y in range(b2.size):
            bias = splat(b2, y, L)
            for t in range(z + y * ld, z + y * ld + columns, L):
                store(S, t, load(S, t, L) + bias)

    @inline
    def predict(X, start, n, W1, b1, W2, b2, S, at, A2):
        # A2 of n examples
        n_x, m = X.shape
        n_h, n_y = b1.size, b2.size
        row, column = X.strides[0] // itemsize, X.strides[1] // itemsize
        columns = columns_of(n)
        ld = odd_lines(columns, itemsize)
        x, z = at.buffers, at.buffers + n_x * ld
        a, d = z + n_y * ld, z + (n_y + n_h) * ld
        copy(X, start * column, row, column, n_x, n, S, x, ld, columns)
        hidden_layer(S, x, n_x, W1, b1, a, d, ld, columns, 0, False)
        scores(S, a, n_h, W2, b2, z, ld, columns)
        for t in range(0, n, L):
            output_values(S, z + t, ld, n_y)
        copy(S, z, ld, 1, n_y, n, A2, start, m, n)

    @inline
    def accumulate(X, Y, control, i, key, begin, end, W1, b1, W2, b2, dW1, S, at, T, scale, with_cost, add):
        # adds scale * (gradients of examples begin, ..., end - 1) to the sums; gives back their cost
        n_x, n_h, n_y = X.shape[0], b1.size, b2.size
        row, column = X.strides[0] // itemsize, X.strides[1] // itemsize
        row_y, column_y = Y.strides[0] // itemsize, Y.strides[1] // itemsize
        ld = odd_lines(T, itemsize)
        x = at.buffers
        z, y = x + n_x * ld, x + (n_x + n_y) * ld
        a = y + (n_y + 1) * ld  # past a row of weights
        d, words, s = a + n_h * ld, a + 2 * n_h * ld, a + (2 * n_h + 1) * ld
        drop = elements(control, KEEP, 2)
        cost = 0.0
        for start in range(begin, end, T):
            n = min(T, end - start)
            columns = columns_of(n)
            examples(X, control, i, start, row, column, n_x, n, S, x, ld, columns)
            examples(Y, control, i, start, row_y, column_y, n_y, n, S, y, ld, columns)
            if weighted:
                weights(control, i, start, n, S, y + n_y * ld)
            if dropped:
                starts(control, key, i, start, n, S, words)
            hidden_layer(S, x, n_x, W1, b1, a, d, ld, columns, words, drop)
            scores(S, a, n_h, W2, b2, z, ld, columns)
            costs = zeros(S, L)
            for t in range(0, columns, L):
                costs = costs + output_errors(S, z + t, ld, y + t, ld, n_y, n - t, scale, with_cost)
            cost += hsum(costs)
            add_gradient(S, z, n_y, a, n_h, ld, columns, at.gradient + at.W2, s)
            add_row_sums(S, z, n_y, ld, columns, at.gradient + at.b2)
            product(W2, 0, 1, n_h, n_h, S, z, ld, n_y, S, a, ld, columns)  # dA1 = W2' dZ2, in place of A1
            for j in range(n_h):
                for t in range(j * ld, j * ld + columns, L):
                    store(S, d + t, load(S, a + t, L) * load(S, d + t, L))
            add_gradient(S, d, n_h, x, n_x, ld, columns, at.gradient, s)
            add_row_sums(S, d, n_h, ld, columns, at.gradient + at.b1)
        return cost

    parameters = make_parameters_in_place(formulas, L)
    return SimpleNamespace(locate=locate, predict=predict, accumulate=accumulate, **vars(parameters))
