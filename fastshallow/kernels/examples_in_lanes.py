"""Narrow networks: each lane of a vector is one example, so that no lane is wasted however few units there are.

A tile of examples goes through the whole step while it is in cache. X, A1, D1 = g'(Z1), Z2 and Y are matrices with a
row for each feature, unit or output, and examples side by side.
"""

from __future__ import annotations

from . import CACHE, MANY
from .arithmetic import Entries
from .copying import make_copying
from .marks import helper, inline
from .products import make_products
from .simd.vectors import call, load, shifted, splat, store
from .sizes import round_up

STREAMS = 16  # features read at a time where X is not copied: more pages than that slow the processor's look ahead


def make_examples_in_lanes(L: int, V: int) -> Entries:
    """The entries of a network on vectors of L examples, V of them in a row of a register tile."""
    W = V * L
    copy_row = make_copying(L).copy_row
    products = make_products(L, V)
    product, add_gradient, add_row_sums = products.product, products.add_gradient, products.add_row_sums

    # X (n_x, m) is not copied if it has many features: with examples side by side their vectors are read where they
    # are, as long as whole vectors belong to the data; with features side by side, whole vectors of features. What has
    # to be gathered, converted or shifted is copied.

    @inline
    def copied(run):
        return run.shuffled or run.x_converted or run.n_x < MANY

    @inline
    def in_place(run, start, n, end):
        # of how many features X is used where it is, for n examples
        if copied(run):
            return 0
        if run.x_row == 1:
            return run.n_x // W * W
        return run.n_x if run.x_column == 1 and start + round_up(n, W) <= end else 0

    @inline
    def next_tile(run, start, end):
        # how many examples from `start` on go together: as many as the second-level cache holds, where X is copied
        if copied(run) or run.x_row == 1 or run.x_column != 1:
            return min(run.tile, max(32, CACHE // (run.n_x * run.itemsize) // 64 * 64), end - start)
        n = min(run.tile, end - start)
        return n if n < W or n % W == 0 else n % W  # a rest goes first: its vectors reach into the next

    @helper
    def hidden_layer(run, place, start, n, features):
        # A1 = g(W1 X + b1), D1 = g'(Z1); features of X that are not in place -> its buffer
        n_x, n_h, columns, ld = run.n_x, run.n_h, round_up(n, W), run.ld_t
        rest = n_x - features
        call(run.load_x, run, place, start, n, features, n_x)
        product(run.W1, features, n_x, 1, n_h, place.X, 0, run.x_step, rest, place.A, 0, ld, columns, False)
        if features > 0:
            X = shifted(run.X, start * run.x_column)
            if run.x_row == 1:
                add_gradient(run.W1, 0, n_x, n_h, X, 0, run.x_column, n, features, place.A, 0, ld, place.sums)
            else:
                for k in range(0, features, STREAMS):
                    some, row = min(STREAMS, features - k), run.x_row
                    product(run.W1, k, n_x, 1, n_h, X, k * row, row, some, place.A, 0, ld, columns, True)
        call(run.activate, run, place, columns, 0, 0, 0)

    @helper
    def scores(run, place, columns):
        # Z2 = W2 A1 + b2
        ld = run.ld_t
        product(run.W2, 0, run.n_h, 1, run.n_y, place.A, 0, ld, run.n_h, place.Z, 0, ld, columns, False)
        for y in range(run.n_y):
            bias = splat(run.b2, y, L)
            for t in range(y * ld, y * ld + columns, L):
                store(place.Z, t, load(place.Z, t, L) + bias)

    @helper
    def gradients(run, place, start, n, features):
        # adds those of n examples, from dZ2, A1, D1 and X
        n_x, n_h, n_y, columns, ld = run.n_x, run.n_h, run.n_y, round_up(n, W), run.ld_t
        add_gradient(place.Z, 0, ld, n_y, place.A, 0, ld, n_h, columns, place.dW2, 0, n_h, place.sums)
        add_row_sums(place.Z, n_y, ld, columns, place.db2)
        if run.learned:
            call(run.learn, run, place, n, 0, 0, 0)
        # dA1 = W2' dZ2, in place of A1
        product(run.W2, 0, 1, n_h, n_h, place.Z, 0, ld, n_y, place.A, 0, ld, columns, False)
        for j in range(n_h):
            for t in range(j * ld, j * ld + columns, L):
                store(place.D, t, load(place.A, t, L) * load(place.D, t, L))
        rest, step = n_x - features, run.x_step
        add_gradient(place.D, 0, ld, n_h, place.X, 0, step, rest, columns, place.dW1, features, n_x, place.sums)
        if features > 0:
            X = shifted(run.X, start * run.x_column)
            if run.x_row == 1:
                product(place.D, 0, ld, 1, n_h, X, 0, run.x_column, n, place.dW1, 0, n_x, features, True)
            else:
                add_gradient(place.D, 0, ld, n_h, X, 0, run.x_row, features, columns, place.dW1, 0, n_x, place.sums)
        add_row_sums(place.D, n_h, ld, columns, place.db1)

    def accumulate(run, place, begin, end, _, __):
        # adds the gradients of examples begin, ..., end - 1 to the sums; gives back their cost
        cost, start = 0.0, begin
        while start < end:
            n = next_tile(run, start, end)
            features, columns = in_place(run, start, n, end), round_up(n, W)
            hidden_layer(run, place, start, n, features)
            if run.dropped:
                call(run.drop, run, place, start, n, 0, run.n_h)
            scores(run, place, columns)
            call(run.load_y, run, place, start, n, columns, 0)
            cost += call(run.output, run, place, n, 0, 0, 0)
            gradients(run, place, start, n, features)
            start += n
        return cost

    def predict(run, place, start, n, _, __):
        # A2 of n examples; gives back how many are NaN
        odd = 0.0
        end = start + n
        while start < end:
            n = next_tile(run, start, end)
            hidden_layer(run, place, start, n, in_place(run, start, n, end))
            scores(run, place, round_up(n, W))
            odd += call(run.outputs, run, place, n, 0, 0, 0)
            for y in range(run.n_y):
                copy_row(shifted(place.Z, y * run.ld_t), n, shifted(run.A2, y * run.m + start), n)
            start += n
        return odd

    return {"accumulate": accumulate, "predict": predict}
