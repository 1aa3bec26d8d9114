"""Narrow networks: each lane of a vector is one example, so that no lane is wasted however few units there are.

A tile of T examples goes through the whole step while it is in cache. X, A1, D1 = g'(Z1), Z2 and Y are matrices with a
row for each feature, unit or output, and examples side by side.
"""

from __future__ import annotations

from types import SimpleNamespace

from . import CACHE, MANY
from .compiling import inline
from .copying import make_copying
from .descent import make_parameters_in_place
from .layout import make_in_place, odd_lines
from .learned_slope import make_learned_slope
from .output_layer import make_output_layer, make_weights
from .products import make_products
from .random_bits import kept_examples, make_starts
from .runs import KEEP
from .simd import elements, hsum, load, splat, store, zeros

STREAMS = 16  # features read at a time where X is not copied: more pages than that slow the processor's look ahead


@inline
def narrow(n_x: int, T: int, itemsize: int) -> int:
    """Of a tile of T examples, how many are in the second-level cache at a time; more only where X is not copied."""
    return min(T, max(32, CACHE // (n_x * itemsize) // 64 * 64))


@inline
def buffers_size(n_x: int, n_h: int, n_y: int, T: int, L: int, itemsize: int) -> int:
    """Elements of a thread's buffers: X, Y, weights, Z2, A1, D1 and a random word for T examples, and a vector."""
    rows = 2 * n_y + 2 + 2 * n_h
    return n_x * odd_lines(narrow(n_x, T, itemsize), itemsize) + rows * odd_lines(T, itemsize) + L


def make_examples_in_lanes(formulas: SimpleNamespace, L: int, V: int, itemsize: int) -> SimpleNamespace:
    """The step on vectors of L examples, V of them in a row of a register tile; tiles of a multiple of V * L."""
    value, derivative, states = formulas.value, formulas.derivative, formulas.states
    weighted, weights = formulas.weighted, make_weights(formulas.shuffled)
    dropped, starts = formulas.dropped, make_starts(formulas.shuffled, L)
    learned, slopes = formulas.learned, make_learned_slope(formulas, L)
    slope_at, add_slope_gradient = slopes.slope_at, slopes.add_from_examples
    output = make_output_layer(formulas, L)
    output_values, output_errors = output.values, output.errors
    shuffled, converted, x_itemsize = formulas.shuffled, formulas.converted, formulas.x_itemsize
    copying, products = make_copying(L, formulas.shuffled), make_products(L, V)
    copy, examples = copying.copy, copying.examples
    x_copying = make_copying(L, formulas.shuffled, formulas.x_kind)
    copy_x, x_examples = x_copying.copy, x_copying.examples
    product, add_gradient, add_row_sums = products.product, products.add_gradient, products.add_row_sums

    @inline
    def locate(X, b1, b2, T, group, groups, rank):
        buffers = buffers_size(X.shape[0], b1.size, b2.size, T, L, itemsize)
        return make_in_place(X.shape[0], b1.size, b2.size, buffers, group, groups, states, rank, itemsize)

    @inline
    def columns_of(n):
        return (n + V * L - 1) // (V * L) * (V * L)

    # X (n_x, m) is not copied if it has many features: with examples side by side their vectors are read where they
    # are, as long as whole vectors belong to the data; with features side by side, whole vectors of features. What has
    # to be converted is copied.

    @inline
    def in_place(X, start, n, end):
        # of how many features X is used where it is, for n examples
        n_x, row, column = X.shape[0], X.strides[0] // x_itemsize, X.strides[1] // x_itemsize
        if shuffled or converted or n_x < MANY:
            return 0
        if row == 1:
            return n_x // (V * L) * (V * L)
        return n_x if column == 1 and start + columns_of(n) <= end else 0

    @inline
    def next_tile(X, start, end, T):
        # how many examples from `start` on go together
        if shuffled or converted or X.shape[0] < MANY or X.strides[0] == itemsize or X.strides[1] != itemsize:
            return min(narrow(X.shape[0], T, itemsize), end - start)
        n = min(T, end - start)
        return n if n < V * L or n % (V * L) == 0 else n % (V * L)  # a rest goes first: its vectors reach into the next

    @inline
    def add_in_place(W1, X, start, n, row, column, features, S, a, ld, columns, s):
        # Z1 += W1 X, of the features in place
        n_h, n_x = W1.shape
        if row == 1:
            add_gradient(W1, 0, n_x, n_h, X, start * column, column, n, features, S, a, ld, s)
        else:
            for k in range(0, features, STREAMS):
                some = min(STREAMS, features - k)
                product(W1, k, n_x, 1, n_h, X, start + k * row, row, some, S, a, ld, columns, True)

    @inline
    def add_gradient_in_place(X, start, n, row, column, features, S, d, n_h, ld, columns, gradient, s):
        # dW1 += dZ1 X', of the features in place
        n_x = X.shape[0]
        if row == 1:
            product(S, d, ld, 1, n_h, X, start * column, column, n, S, gradient, n_x, features, True)
        else:
            add_gradient(S, d, ld, n_h, X, start, row, features, columns, S, gradient, n_x, s)

    @inline
    def hidden_layer(X, order, i, start, n, features, W1, b1, S, x, ld_x, a, d, ld, s, slope):
        # A1 = g(W1 X + b1), D1 = g'(Z1); features of X that are not in place -> x
        n_x, n_h, columns = X.shape[0], b1.size, columns_of(n)
        row, column = X.strides[0] // x_itemsize, X.strides[1] // x_itemsize
        rest = n_x - features
        if shuffled:
            x_examples(X, order, i, start, row, column, n_x, n, S, x, ld_x, columns)
        else:
            copy_x(X, start * column + features * row, row, column, rest, n, S, x, ld_x, columns)
        product(W1, features, n_x, 1, n_h, S, x, ld_x, rest, S, a, ld, columns, False)
        if not converted:
            add_in_place(W1, X, start, n, row, column, features, S, a, ld, columns, s)
        for j in range(n_h):
            bias = splat(b1, j, L)
            for t in range(j * ld, j * ld + columns, L):
                z = load(S, a + t, L) + bias
                unit = value(z, slope)
                store(S, a + t, unit)
                store(S, d + t, derivative(z, unit, slope) * 1.0)

    @inline
    def drop_units(control, S, words, a, d, n_h, ld, columns):
        # A1 and D1 without dropped units
        drop = elements(control, KEEP, 2)
        for j in range(n_h):
            for t in range(0, columns, L):
                i, kept = j * ld + t, kept_examples(S, words, t, j, drop, L)
                store(S, a + i, load(S, a + i, L) * kept)
                store(S, d + i, load(S, d + i, L) * kept)

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
        end, T = start + n, n
        ld, ld_x = odd_lines(columns_of(T), itemsize), odd_lines(narrow(n_x, columns_of(T), itemsize), itemsize)
        x, z = at.buffers, at.buffers + n_x * ld_x
        a, d = z + n_y * ld, z + (n_y + n_h) * ld
        s, slope = d + n_h * ld, slope_at(S, at.slope)
        while start < end:
            n = next_tile(X, start, end, T)
            features, columns = in_place(X, start, n, end), columns_of(n)
            hidden_layer(X, S, 0, start, n, features, W1, b1, S, x, ld_x, a, d, ld, s, slope)  # in their own order
            scores(S, a, n_h, W2, b2, z, ld, columns)
            for t in range(0, n, L):
                output_values(S, z + t, ld, n_y)
            copy(S, z, ld, 1, n_y, n, A2, start, m, n)
            start += n

    @inline
    def accumulate(X, Y, control, i, key, begin, end, W1, b1, W2, b2, dW1, S, at, T, scale, with_cost, add):
        # adds scale * (gradients of examples begin, ..., end - 1) to the sums; gives back their cost
        n_x, n_h, n_y = X.shape[0], b1.size, b2.size
        row, column = X.strides[0] // x_itemsize, X.strides[1] // x_itemsize
        row_y, column_y = Y.strides[0] // itemsize, Y.strides[1] // itemsize
        ld, ld_x = odd_lines(T, itemsize), odd_lines(narrow(n_x, T, itemsize), itemsize)
        x, z = at.buffers, at.buffers + n_x * ld_x
        y = z + n_y * ld
        a = y + (n_y + 1) * ld  # past a row of weights
        d, words, s = a + n_h * ld, a + 2 * n_h * ld, a + (2 * n_h + 1) * ld
        slope = slope_at(S, at.slope)
        cost = 0.0
        start = begin
        while start < end:
            n = next_tile(X, start, end, T)
            features, columns = in_place(X, start, n, end), columns_of(n)
            examples(Y, control, i, start, row_y, column_y, n_y, n, S, y, ld, columns)
            if weighted:
                weights(control, i, start, n, S, y + n_y * ld)
            hidden_layer(X, control, i, start, n, features, W1, b1, S, x, ld_x, a, d, ld, s, slope)
            if dropped:
                starts(control, key, i, start, n, S, words)
                drop_units(control, S, words, a, d, n_h, ld, columns)
            scores(S, a, n_h, W2, b2, z, ld, columns)
            costs = zeros(S, L)
            for t in range(0, columns, L):
                costs = costs + output_errors(S, z + t, ld, y + t, ld, n_y, n - t, scale, with_cost)
            cost += hsum(costs)
            add_gradient(S, z, ld, n_y, S, a, ld, n_h, columns, S, at.gradient + at.W2, n_h, s)
            add_row_sums(S, z, n_y, ld, columns, at.gradient + at.b2)
            if learned:
                add_slope_gradient(W2, S, at, a, d, z, n_h, n_y, ld, columns)
            product(W2, 0, 1, n_h, n_h, S, z, ld, n_y, S, a, ld, columns, False)  # dA1 = W2' dZ2, in place of A1
            for j in range(n_h):
                for t in range(j * ld, j * ld + columns, L):
                    store(S, d + t, load(S, a + t, L) * load(S, d + t, L))
            add_gradient(S, d, ld, n_h, S, x, ld_x, n_x - features, columns, S, at.gradient + features, n_x, s)
            if not converted:
                add_gradient_in_place(X, start, n, row, column, features, S, d, n_h, ld, columns, at.gradient, s)
            add_row_sums(S, d, n_h, ld, columns, at.gradient + at.b1)
            start += n
        return cost

    parameters = make_parameters_in_place(formulas, L)
    return SimpleNamespace(locate=locate, predict=predict, accumulate=accumulate, **vars(parameters))
