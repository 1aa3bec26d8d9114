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
from .output_layer import make_output_layer
from .products import make_products
from .simd import hsum, load, splat, store, zeros

MANY = 128  # features from which on X is used where it is
STREAMS = 16  # rows of X that are read at a time


@inline
def buffers_size(n_x: int, n_h: int, n_y: int, T: int, L: int, itemsize: int) -> int:
    """Elements of a thread's buffers: X, Y, Z2, A1 and D1 for T examples, and a vector."""
    return (n_x + 2 * n_y + 2 * n_h) * odd_lines(T, itemsize) + L


def make_examples_in_lanes(formulas: SimpleNamespace, L: int, V: int, itemsize: int) -> SimpleNamespace:
    """The step on vectors of L examples, V of them in a row of a register tile; tiles of a multiple of V * L."""
    value, derivative, states = formulas.value, formulas.derivative, formulas.states
    output = make_output_layer(formulas, L)
    output_values, output_errors = output.values, output.errors
    shuffled = formulas.shuffled
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
    def in_place(X, n):
        # of how many features X is used where it is, for n examples: whole vectors of features, or of examples
        n_x, row, column = X.shape[0], X.strides[0] // itemsize, X.strides[1] // itemsize
        if shuffled or n_x < MANY:
            return 0
        if row == 1:
            return n_x // (V * L) * (V * L)
        return n_x if column == 1 and n % (V * L) == 0 else 0

    @inline
    def add_scores(X, start, n, W1, S, a, ld, columns, s):
        # Z1 += W1 X over the features in place
        n_x, row, column = X.shape[0], X.strides[0] // itemsize, X.strides[1] // itemsize
        n_h, features = W1.shape[0], in_place(X, n)
        if row == 1:
            add_gradient(W1, 0, n_x, n_h, X, start * column, column, n, features, S, a, ld, s)
        else:
            for k in range(0, features, STREAMS):
                some = min(STREAMS, features - k)
                product(W1, k, n_x, 1, n_h, X, start + k * row, row, some, S, a, ld, columns, True)

    @inline
    def add_dW1(X, start, n, n_h, S, d, ld, columns, g, s):
        # dW1 += dZ1 X' over the features in place
        n_x, row, column = X.shape[0], X.strides[0] // itemsize, X.strides[1] // itemsize
        features = in_place(X, n)
        if row == 1:
            product(S, d, ld, 1, n_h, X, start * column, column, n, S, g, n_x, features, True)
        else:
            add_gradient(S, d, ld, n_h, X, start, row, features, columns, S, g, n_x, s)

    @inline
    def hidden_layer(X, order, i, start, n, W1, b1, S, x, a, d, ld, columns, s):
        # A1 = g(W1 X + b1), D1 = g'(Z1); gives back how many features are in place, the others are then at x
        n_x, row, column = X.shape[0], X.strides[0] // itemsize, X.strides[1] // itemsize
        n_h, features = b1.size, in_place(X, n)
        if shuffled:
            examples(X, order, i, start, row, column, n_x, n, S, x, ld, columns)
        else:
            copy(X, start * column + features * row, row, column, n_x - features, n, S, x, ld, columns)
        product(W1, features, n_x, 1, n_h, S, x, ld, n_x - features, S, a, ld, columns, False)
        if features > 0:
            add_scores(X, start, n, W1, S, a, ld, columns, s)
        for j in range(n_h):
            bias = splat(b1, j, L)
            for t in range(j * ld, j * ld + columns, L):
                z = load(S, a + t, L) + bias
                unit = value(z)
                store(S, a + t, unit)
                store(S, d + t, derivative(z, unit) * 1.0)
        return features

    @inline
    def scores(S, a, n_h, W2, b2, z, ld, columns):
        # Z2 = W2 A1 + b2
        product(W2, 0, n_h, 1, b2.size, S, a, ld, n_h, S, z, ld, columns, False)
        for y in range(b2.size):
            bias = splat(b2, y, L)
            for t in range(z + y * ld, z + y * ld + columns, L):
                store(S, t, load(S, t, L) + bias)

    @inline
    def predict(X, start, n, W1, b1, W2, b2, S, at, A2):
        # A2 of n examples
        n_x, m = X.shape
        n_h, n_y = b1.size, b2.size
        columns = columns_of(n)
        ld = odd_lines(columns, itemsize)
        x, z = at.buffers, at.buffers + n_x * ld
        a, d = z + n_y * ld, z + (n_y + n_h) * ld
        hidden_layer(X, S, 0, start, n, W1, b1, S, x, a, d, ld, columns, d + n_h * ld)  # in their own order
        scores(S, a, n_h, W2, b2, z, ld, columns)
        for t in range(0, n, L):
            output_values(S, z + t, ld, n_y)
        copy(S, z, ld, 1, n_y, n, A2, start, m, n)

    @inline
    def accumulate(X, Y, order, i, begin, end, W1, b1, W2, b2, dW1, S, at, T, scale, with_cost, add):
        # adds scale * (gradients of examples begin, ..., end - 1) to the sums; gives back their cost
        n_x, n_h, n_y = X.shape[0], b1.size, b2.size
        row_y, column_y = Y.strides[0] // itemsize, Y.strides[1] // itemsize
        ld = odd_lines(T, itemsize)
        x = at.buffers
        z, y = x + n_x * ld, x + (n_x + n_y) * ld
        a, d = y + n_y * ld, y + (n_y + n_h) * ld
        s = d + n_h * ld
        cost = 0.0
        start = begin
        while start < end:
            n = min(T, end - start)
            if in_place(X, V * L) == n_x and n > V * L:
                n = n // (V * L) * (V * L)
            columns = columns_of(n)
            examples(Y, order, i, start, row_y, column_y, n_y, n, S, y, ld, columns)
            features = hidden_layer(X, order, i, start, n, W1, b1, S, x, a, d, ld, columns, s)
            scores(S, a, n_h, W2, b2, z, ld, columns)
            costs = zeros(S, L)
            for t in range(0, columns, L):
                costs = costs + output_errors(S, z + t, ld, y + t, ld, n_y, n - t, scale, with_cost)
            cost += hsum(costs)
            add_gradient(S, z, ld, n_y, S, a, ld, n_h, columns, S, at.gradient + at.W2, n_h, s)
            add_row_sums(S, z, n_y, ld, columns, at.gradient + at.b2)
            product(W2, 0, 1, n_h, n_h, S, z, ld, n_y, S, a, ld, columns, False)  # dA1 = W2' dZ2, in place of A1
            for j in range(n_h):
                for t in range(j * ld, j * ld + columns, L):
                    store(S, d + t, load(S, a + t, L) * load(S, d + t, L))
            add_gradient(S, d, ld, n_h, S, x, ld, n_x - features, columns, S, at.gradient + features, n_x, s)
            if features > 0:
                add_dW1(X, start, n, n_h, S, d, ld, columns, at.gradient, s)
            add_row_sums(S, d, n_h, ld, columns, at.gradient + at.b1)
            start += n
        return cost

    parameters = make_parameters_in_place(formulas, L)
    return SimpleNamespace(locate=locate, predict=predict, accumulate=accumulate, **vars(parameters))
