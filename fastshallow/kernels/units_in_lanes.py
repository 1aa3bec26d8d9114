"""Wider networks: each lane of a vector is one hidden unit.

A tile of T examples goes through forward, loss and backward while it is in cache. A1 and D1 = g'(Z1), which dZ1
replaces, are (T, n_h), units side by side; the output layer has examples side by side. Examples, features and units are
padded with zeros to whole register tiles in these buffers, so no product has an edge.
"""

from __future__ import annotations

from types import SimpleNamespace

from .compiling import inline
from .copying import make_copying
from .descent import make_descent
from .first_layer import make_panel_products, make_row_products
from .layout import LINE, make_layout, round_up
from .output_layer import make_output_layer
from .products import multiply
from .simd import element, hsum, keep_first, load, prefetch, put, splat, store, zeros
from .tiles import add_rows, inner_add, tile_hsum, tile_load, tile_multiply, tile_store, tile_zeros


def make_units_in_lanes(formulas: SimpleNamespace, L: int, R: int, itemsize: int, rows: bool) -> SimpleNamespace:
    """The step with vectors of L units, register tiles of R rows x 3 vectors, W1 in `rows` or in panels."""
    V = 3
    value, derivative, states = formulas.value, formulas.derivative, formulas.states
    output = make_output_layer(formulas, L)
    output_values, output_errors = output.values, output.errors
    shuffled, copying = formulas.shuffled, make_copying(L, formulas.shuffled)
    fill, copy, transpose, examples = copying.fill, copying.copy, copying.transpose, copying.examples
    descent = make_descent(formulas, L)
    descend, add_decay = descent.descend, descent.add_decay
    row_products = make_row_products(L, V)
    forward_rows, backward_rows = row_products.forward, row_products.backward

    @inline
    def panel_start(at, p):
        # of as few panels as there can be, whose sizes differ by at most one vector
        vectors = at.width // L
        return p * vectors // panel_count(at) * L

    @inline
    def panel_count(at):
        return (at.width // L + V - 1) // V

    # ---- parameters: from and to arrays of their own shapes ----

    @inline
    def locate(X, b1, b2, T, group, groups, rank):
        return make_layout(X.shape[0], b1.size, b2.size, T, group, groups, states, rank, rows, L, R, V, itemsize)

    @inline
    def begin(W1, b1, W2, b2, S, at, rank, threads):
        # the parameters -> the scratch memory; each thread brings each threads-th panel
        if not rows:
            for p in range(rank, panel_count(at), threads):
                j, end = panel_start(at, p), panel_start(at, p + 1)
                if end > at.n_h or at.depth != at.n_x:
                    fill(S, at.W1 + j * at.depth, (end - j) * at.depth, 0)
                transpose(W1, j * at.n_x, at.n_x, min(end, at.n_h) - j, at.n_x, S, at.W1 + j * at.depth, end - j)
        if rank == 0:
            copy(b1, 0, at.n_h, 1, 1, at.n_h, S, at.b1, at.width, at.width)
            copy(W2, 0, at.n_h, 1, at.n_y, at.n_h, S, at.W2, at.width, at.width)
            copy(b2, 0, at.n_y, 1, 1, at.n_y, S, at.b2, at.n_y, at.n_y)

    # ---- one tile ----

    @inline
    def steps(X, at):
        # of X in the scratch memory: from example to example, from feature to feature
        if not rows and not shuffled and abs(X.strides[1]) <= abs(X.strides[0]):
            return 1, at.ld_t
        return at.ld_x, 1

    @inline
    def load_x(X, order, i, start, n, k, stop, S, at):
        # features k, ..., stop - 1 of n examples of X -> the scratch memory, with zeros up to whole register tiles
        row, column = X.strides[0] // itemsize, X.strides[1] // itemsize
        source, features, padded = start * column + k * row, stop - k, round_up(n, R)
        x_row, x_step = steps(X, at)
        if x_row == 1:
            copy(X, source, row, column, features, n, S, at.X, x_step, round_up(padded, L))
            for f in range(features, round_up(features, R)):
                fill(S, at.X + f * x_step, padded, 0)
            return
        if shuffled:
            for t in range(n):
                source = int(element(order, i + start + t)) * column + k * row
                copy(X, source, 0, row, 1, features, S, at.X + t * x_row, x_row, x_row)
        elif rows and column == 1:
            transpose(X, source, row, features, n, S, at.X, x_row)
            for t in range(n):
                fill(S, at.X + t * x_row + features, x_row - features, 0)
        else:
            copy(X, source, column, row, n, features, S, at.X, x_row, x_row)
        fill(S, at.X + n * x_row, (padded - n) * x_row, 0)

    @inline
    def expect(X, t, t_end, k, k_end):
        # asks for features k, ..., k_end - 1 of examples t, ..., t_end - 1 while there is other work
        row, column = X.strides[0] // itemsize, X.strides[1] // itemsize
        if abs(column) <= abs(row):
            for f in range(k, k_end):
                for e in range(t, t_end, LINE // itemsize):
                    prefetch(X, e * column + f * row)
        else:
            for e in range(t, t_end):
                for f in range(k, k_end, LINE // itemsize):
                    prefetch(X, e * column + f * row)

    @inline
    def activate(S, at, t0, t1, j0, j1):
        # Z1 without its bias, in A -> A1, and D1 = g'(Z1) in D; A1 = 0 for units beyond n_h
        for t in range(t0, t1):
            for j in range(j0, j1, L):
                i = t * at.ld_h + j
                z = load(S, at.A + i, L) + load(S, at.b1 + j, L)
                a = value(z)
                store(S, at.A + i, keep_first(a, at.n_h - j))
                store(S, at.D + i, derivative(z, a) * 1.0)

    def make_panel(v):
        """The passes over one panel of v vectors of units."""
        products = make_panel_products(L, R, v)
        first_forward, first_backward = products.forward, products.backward

        @inline
        def forward(S, at, x_row, x_step, p, j, n, k, stop, X, then, k0, add):
            # Z1 over features k, ..., stop - 1, and after the last ones A1 and D1
            count = min(at.block, at.n_x - k0)
            ka, kb = k0 + count * p // panel_count(at), k0 + count * (p + 1) // panel_count(at)
            for t in range(0, n, R):
                first_forward(S, at, x_row, x_step, t, j, k, stop)
                if not shuffled and at.block < at.n_x:
                    expect(X, then + t, then + t + R, ka, kb)
                if stop == at.n_x:
                    activate(S, at, t, t + R, j, j + v * L)

        def make_output_product(outputs):
            @inline
            def add_product(S, at, y, j, n):
                # dW2 += dZ2 A1' for some outputs from y
                i = at.gradient + at.W2 + y * at.width + j
                acc = tile_load(S, i, at.width, outputs, v, L)
                acc = multiply(acc, S, at.Z + y * at.ld_t, at.ld_t, 1, S, at.A + j, at.ld_h, n)
                tile_store(S, i, at.width, acc)

            return add_product

        add_outputs, add_output = make_output_product(R), make_output_product(1)

        @inline
        def backward(S, at, x_row, x_step, p, j, n, k, stop, X, then, k0, add):
            # dW1 of features k, ..., stop - 1; before the last ones dW2, dZ1 and db1
            if stop == at.n_x:
                hidden_errors(S, at, j, n)
            if not rows:
                ta, tb = then + n * p // panel_count(at), then + n * (p + 1) // panel_count(at)
                for f in range(k, stop, R):
                    first_backward(S, at, x_row, x_step, j, n, k, f, add)
                    if not shuffled and at.block < at.n_x:
                        expect(X, ta, tb, k0 + f - k, min(k0 + f - k + R, at.n_x))

        @inline
        def hidden_errors(S, at, j, n):
            # dW2 += dZ2 A1', dZ1 = W2' dZ2 * D1, db1 += dZ1
            whole = at.n_y // R * R
            for y in range(0, whole, R):
                add_outputs(S, at, y, j, n)
            for y in range(whole, at.n_y):
                add_output(S, at, y, j, n)
            for t in range(0, n, R):
                i = at.D + t * at.ld_h + j
                dA = multiply(tile_zeros(S, R, v, L), S, at.Z + t, 1, at.ld_t, S, at.W2 + j, at.width, at.n_y)
                dZ = tile_multiply(dA, tile_load(S, i, at.ld_h, R, v, L))
                tile_store(S, i, at.ld_h, dZ)
                add_rows(S, at.gradient + at.b1 + j, dZ)

        return forward, backward

    def make_over_panels(pass1, pass2, pass3):
        """A pass over all panels, of 1, 2 or 3 vectors, for one block of features."""

        @inline
        def over_panels(S, at, x_row, x_step, n, k, stop, X, then, k0, add):
            for p in range(panel_count(at)):
                j = panel_start(at, p)
                vectors = (panel_start(at, p + 1) - j) // L
                if vectors == 3:
                    pass3(S, at, x_row, x_step, p, j, n, k, stop, X, then, k0, add)
                elif vectors == 2:
                    pass2(S, at, x_row, x_step, p, j, n, k, stop, X, then, k0, add)
                else:
                    pass1(S, at, x_row, x_step, p, j, n, k, stop, X, then, k0, add)

        return over_panels

    forward_panels, backward_panels = map(make_over_panels, *map(make_panel, (1, 2, 3)))

    @inline
    def hidden_layer(X, order, i, start, n, W1, S, at):
        # n examples -> A1 and D1, one block of features after the other
        x_row, x_step = steps(X, at)
        for k in range(0, at.n_x, at.block):
            stop = min(k + at.block, at.n_x)
            load_x(X, order, i, start, n, k, stop, S, at)
            if not rows:
                k0 = stop if stop < at.n_x else max(k - at.block, 0)
                forward_panels(S, at, x_row, x_step, n, k, stop, X, start, k0, False)
        if rows:
            padded = round_up(n, R)
            fill(S, at.A + n * at.ld_h, (padded - n) * at.ld_h, 0)
            forward_rows(W1, S, at, n)
            activate(S, at, 0, padded, 0, at.width)

    @inline
    def hidden_gradients(X, order, i, start, n, dW1, S, at, add):
        # dW1, dW2 and db1 of n examples: back from the last block of features, which `hidden_layer` has left behind
        x_row, x_step = steps(X, at)
        last = (at.n_x - 1) // at.block * at.block
        for k in range(last, -1, -at.block):
            stop = min(k + at.block, at.n_x)
            if k < last:
                load_x(X, order, i, start, n, k, stop, S, at)
            k0 = k - at.block if k > 0 else 0
            then = start if k > 0 else start + n
            backward_panels(S, at, x_row, x_step, n, k, stop, X, then, k0, add)
        if rows:
            backward_rows(S, at, dW1, n, add)

    @inline
    def scores(S, at, n):
        # A1 -> Z2 = W2 A1 + b2, examples side by side, up to a whole register tile
        for t in range(0, round_up(n, R), L):
            for y in range(at.n_y):
                acc = tile_zeros(S, L, 1, L)
                for j in range(0, at.width, L):
                    acc = inner_add(acc, S, at.A + t * at.ld_h + j, at.ld_h, S, at.W2 + y * at.width + j, 0, L)
                store(S, at.Z + y * at.ld_t + t, tile_hsum(acc) + splat(S, at.b2 + y, L))

    @inline
    def predict(X, start, n, W1, b1, W2, b2, S, at, A2):
        # A2 of n examples
        hidden_layer(X, S, 0, start, n, W1, S, at)  # in their own order
        scores(S, at, n)
        for t in range(0, n, L):
            output_values(S, at.Z + t, at.ld_t, at.n_y)
        copy(S, at.Z, at.ld_t, 1, at.n_y, n, A2, start, X.shape[1], n)

    @inline
    def clear(S, at):
        # dW1 is not read before it is written
        fill(S, at.gradient + at.b1, at.slab - at.b1, 0)

    @inline
    def accumulate(X, Y, order, i, begin, end, W1, b1, W2, b2, dW1, S, at, T, scale, with_cost, add):
        # adds scale * (gradients of examples begin, ..., end - 1) to the sums, dW1 only if `add`; gives back their cost
        row, column = Y.strides[0] // itemsize, Y.strides[1] // itemsize
        total = 0.0
        for start in range(begin, end, T):
            n = min(T, end - start)
            hidden_layer(X, order, i, start, n, W1, S, at)
            scores(S, at, n)
            examples(Y, order, i, start, row, column, at.n_y, n, S, at.Y, at.ld_t, n)
            cost = zeros(S, L)
            for t in range(0, round_up(n, R), L):
                z, y = at.Z + t, at.Y + t
                cost = cost + output_errors(S, z, at.ld_t, y, at.ld_t, at.n_y, n - t, scale, with_cost)
            total += hsum(cost)
            for y in range(at.n_y):
                error = zeros(S, L)
                for t in range(0, n, L):
                    error = error + load(S, at.Z + y * at.ld_t + t, L)
                bias = at.gradient + at.b2 + y
                put(S, bias, element(S, bias) + hsum(error))
            hidden_gradients(X, order, i, start, n, dW1, S, at, add)
            add = True
        return total

    @inline
    def give(gradients, W1, b1, W2, b2, S, at, rank, threads):
        # the gradients, or the parameters, from the scratch memory to their arrays; each thread each threads-th panel
        shift = at.gradient if gradients else 0
        if not rows:
            for p in range(rank, panel_count(at), threads):
                j, end = panel_start(at, p), panel_start(at, p + 1)
                source = shift + at.W1 + j * at.depth
                transpose(S, source, end - j, at.n_x, min(end, at.n_h) - j, W1, j * at.n_x, at.n_x)
        if rank == 0:
            copy(S, shift + at.b1, at.width, 1, 1, at.n_h, b1, 0, at.n_h, at.n_h)
            copy(S, shift + at.W2, at.width, 1, at.n_y, at.n_h, W2, 0, at.n_h, at.n_h)
            copy(S, shift + at.b2, at.n_y, 1, 1, at.n_y, b2, 0, at.n_y, at.n_y)

    @inline
    def regularize(W1, W2, dW1, S, at, decay):
        # the weights' gradients += decay * weights; gives back the sum of the weights' squares
        if rows:
            squares = add_decay(W1, 0, dW1, 0, W1.size, decay)
        else:
            squares = add_decay(S, at.W1, S, at.gradient + at.W1, at.depth * at.width, decay)
        return squares + add_decay(S, at.W2, S, at.gradient + at.W2, at.n_y * at.width, decay)

    @inline
    def update(W1, b1, W2, b2, dW1, S, at, coefficients):
        # one step of the optimizer; gives back a number that is NaN or infinite if an output's bias is
        if rows:
            descend(W1, 0, dW1, 0, S, at.state + at.slab, at.state_slab, W1.size, coefficients)
        descend(S, 0, S, at.gradient, S, at.state, at.state_slab, at.slab, coefficients)
        probe = 0.0
        for y in range(at.n_y):
            probe += element(S, at.b2 + y)
        return probe

    return SimpleNamespace(
        locate=locate,
        begin=begin,
        clear=clear,
        accumulate=accumulate,
        regularize=regularize,
        update=update,
        give=give,
        predict=predict,
    )
