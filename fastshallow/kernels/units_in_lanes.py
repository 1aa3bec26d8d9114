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
from .layout import make_layout, round_up
from .output_layer import make_output_layer, make_weights
from .products import multiply
from .random_bits import kept_units, make_starts
from .runs import KEEP
from .simd import element, elements, hsum, keep_first, load, put, splat, store, zeros
from .tiles import add_rows, inner_add, tile_hsum, tile_load, tile_multiply, tile_store, tile_zeros


def make_units_in_lanes(formulas: SimpleNamespace, L: int, R: int, itemsize: int, rows: bool) -> SimpleNamespace:
    """The step with vectors of L units, register tiles of R rows x 3 vectors, W1 in `rows` or in panels."""
    V = 3
    value, derivative, states = formulas.value, formulas.derivative, formulas.states
    output = make_output_layer(formulas, L)
    output_values, output_errors = output.values, output.errors
    shuffled, weighted, copying = formulas.shuffled, formulas.weighted, make_copying(L, formulas.shuffled)
    weights = make_weights(formulas.shuffled)
    dropped, starts = formulas.dropped, make_starts(formulas.shuffled, L)
    fill, copy, transpose, examples = copying.fill, copying.copy, copying.transpose, copying.examples
    descent = make_descent(formulas, L)
    descend, add_decay, sum_squares = descent.descend, descent.add_decay, descent.sum_squares
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
    def load_ordered(X, order, i, start, n, S, at):
        # as load_x, examples that are not neighbours
        row, column = X.strides[0] // itemsize, X.strides[1] // itemsize
        for t in range(n):
            source = int(element(order, i + start + t)) * column
            copy(X, source, 0, row, 1, at.n_x, S, at.X + t * at.ld_x, at.ld_x, at.ld_x)
        fill(S, at.X + n * at.ld_x, (round_up(n, R) - n) * at.ld_x, 0)
        return at.ld_x, 1

    @inline
    def load_x(X, start, n, S, at):
        # n examples of X -> the scratch memory; gives back the offsets from example to example, feature to feature
        row, column = X.strides[0] // itemsize, X.strides[1] // itemsize
        source, padded = start * column, round_up(n, R)
        if not rows and abs(column) <= abs(row):
            copy(X, source, row, column, at.n_x, n, S, at.X, at.ld_t, round_up(padded, L))
            for k in range(at.n_x, at.depth):
                fill(S, at.X + k * at.ld_t, padded, 0)
            return 1, at.ld_t
        if rows and column == 1:
            transpose(X, source, row, at.n_x, n, S, at.X, at.ld_x)
            for t in range(n):
                fill(S, at.X + t * at.ld_x + at.n_x, at.ld_x - at.n_x, 0)
        else:
            copy(X, source, column, row, n, at.n_x, S, at.X, at.ld_x, at.ld_x)
        fill(S, at.X + n * at.ld_x, (padded - n) * at.ld_x, 0)
        return at.ld_x, 1

    @inline
    def activate(S, at, t0, t1, j0, j1, drop):
        # Z1 without its bias, in A -> A1, and D1 = g'(Z1) in D, both without dropped units; A1 = 0 for those beyond n_h
        for t in range(t0, t1):
            for j in range(j0, j1, L):
                i = t * at.ld_h + j
                z = load(S, at.A + i, L) + load(S, at.b1 + j, L)
                a = value(z)
                d = derivative(z, a) * 1.0
                if dropped:
                    kept = kept_units(S, at.starts, t, j, drop, L)
                    a, d = a * kept, d * kept
                store(S, at.A + i, keep_first(a, at.n_h - j))
                store(S, at.D + i, d)

    def make_panel(v):
        """The passes over one panel of v vectors of units."""
        products = make_panel_products(L, R, v)
        first_forward, first_backward = products.forward, products.backward

        @inline
        def forward(S, at, x_row, x_step, j, n, k, end, drop):
            # Z1 over features k, ..., end - 1, and after the last ones A1 and D1
            for t in range(0, n, R):
                first_forward(S, at, x_row, x_step, t, j, k, end)
                if end == at.n_x:
                    activate(S, at, t, t + R, j, j + v * L, drop)

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
        def backward(S, at, x_row, x_step, j, n, k, end, add):
            # dW1 of features k, ..., end - 1; before the first ones dW2, dZ1 and db1
            if k == 0:
                hidden_errors(S, at, j, n)
            if not rows:
                first_backward(S, at, x_row, x_step, j, n, k, end, add)

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
        """A pass over all panels, of 1, 2 or 3 vectors, for one block of features after the other."""

        @inline
        def over_panels(S, at, x_row, x_step, n, more):
            for k in range(0, at.n_x, at.block):
                end = min(k + at.block, at.n_x)
                for p in range(panel_count(at)):
                    j = panel_start(at, p)
                    vectors = (panel_start(at, p + 1) - j) // L
                    if vectors == 3:
                        pass3(S, at, x_row, x_step, j, n, k, end, more)
                    elif vectors == 2:
                        pass2(S, at, x_row, x_step, j, n, k, end, more)
                    else:
                        pass1(S, at, x_row, x_step, j, n, k, end, more)

        return over_panels

    forward_panels, backward_panels = map(make_over_panels, *map(make_panel, (1, 2, 3)))

    @inline
    def hidden_layer(x_row, x_step, n, W1, S, at, drop):
        # n examples in the scratch memory, x_row apart, their features x_step -> A1 and D1
        if rows:
            padded = round_up(n, R)
            fill(S, at.A + n * at.ld_h, (padded - n) * at.ld_h, 0)
            forward_rows(W1, S, at, n)
            activate(S, at, 0, padded, 0, at.width, drop)
        else:
            forward_panels(S, at, x_row, x_step, n, drop)

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
        x_row, x_step = load_x(X, start, n, S, at)
        hidden_layer(x_row, x_step, n, W1, S, at, False)
        scores(S, at, n)
        for t in range(0, n, L):
            output_values(S, at.Z + t, at.ld_t, at.n_y)
        copy(S, at.Z, at.ld_t, 1, at.n_y, n, A2, start, X.shape[1], n)

    @inline
    def clear(S, at):
        # dW1 is not read before it is written
        fill(S, at.gradient + at.b1, at.slab - at.b1, 0)

    @inline
    def accumulate(X, Y, control, i, key, begin, end, W1, b1, W2, b2, dW1, S, at, T, scale, with_cost, add):
        # adds scale * (gradients of examples begin, ..., end - 1) to the sums, dW1 only if `add`; gives back their cost
        row, column = Y.strides[0] // itemsize, Y.strides[1] // itemsize
        drop = elements(control, KEEP, 2)
        total = 0.0
        for start in range(begin, end, T):
            n = min(T, end - start)
            if shuffled:
                x_row, x_step = load_ordered(X, control, i, start, n, S, at)
            else:
                x_row, x_step = load_x(X, start, n, S, at)
            if dropped:
                starts(control, key, i, start, n, S, at.starts)
            hidden_layer(x_row, x_step, n, W1, S, at, drop)
            scores(S, at, n)
            examples(Y, control, i, start, row, column, at.n_y, n, S, at.Y, at.ld_t, n)
            if weighted:
                weights(control, i, start, n, S, at.Y + at.n_y * at.ld_t)
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
            backward_panels(S, at, x_row, x_step, n, add)
            if rows:
                backward_rows(S, at, dW1, n, add)
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
    def squares(dW1, S, at):
        # the sum of the squares of all gradients: those of padding are zero
        total = sum_squares(S, at.gradient, at.slab)
        return total + sum_squares(dW1, 0, dW1.size) if rows else total

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
        squares=squares,
        update=update,
        give=give,
        predict=predict,
    )
