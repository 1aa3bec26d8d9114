"""Wider networks: each lane of a vector is one hidden unit.

A tile of T examples goes through forward, loss and backward while it is in cache. A1 and D1 = g'(Z1), which dZ1
replaces, are (T, n_h), units side by side; the output layer has examples side by side. Examples, features and units are
padded with zeros to whole register tiles in these buffers, so no product has an edge.
"""

from __future__ import annotations

from types import SimpleNamespace

from .compiling import inline
from .copying import make_copying
from .first_layer import make_panel_products, make_row_products
from .layout import cut, make_layout, round_up
from .learned_slope import make_learned_slope
from .loading import make_loading
from .output_layer import make_output_layer, make_weights
from .panels import make_panels, make_parameters_in_panels
from .products import multiply
from .random_bits import kept_units, make_starts
from .runs import KEEP
from .simd import element, elements, hsum, keep_first, load, put, splat, store, zeros
from .sparse_products import make_sparse_products
from .tiles import add_rows, inner_add, tile_hsum, tile_load, tile_multiply, tile_store, tile_zeros


def make_units_in_lanes(
    formulas: SimpleNamespace, L: int, R: int, itemsize: int, rows: bool, shared: bool
) -> SimpleNamespace:
    """The step with vectors of L units, register tiles of R rows x 3 vectors, W1 in `rows` or in panels.

    Threads share the examples, or if `shared` the units.
    """
    V = 3
    value, derivative, states = formulas.value, formulas.derivative, formulas.states
    output = make_output_layer(formulas, L)
    output_values, output_errors = output.values, output.errors
    shuffled, weighted, copying = formulas.shuffled, formulas.weighted, make_copying(L, formulas.shuffled)
    weights = make_weights(formulas.shuffled)
    dropped, starts = formulas.dropped, make_starts(formulas.shuffled, L)
    learned, slopes = formulas.learned, make_learned_slope(formulas, L)
    slope_at, add_slope_gradient = slopes.slope_at, slopes.add_from_units
    fill, copy, examples = copying.fill, copying.copy, copying.examples
    panel_start, panel_count = make_panels(L, V)
    parameters = make_parameters_in_panels(formulas, L, V, rows)
    loading = make_loading(formulas, L, R, rows)
    steps, load_x, expect = loading.steps, loading.load_x, loading.expect
    row_products = make_row_products(L, V)
    forward_rows, backward_rows = row_products.forward, row_products.backward

    sparse = formulas.sparse is not None
    dense_panels = not rows and not sparse
    sparse_products = make_sparse_products(L, shuffled, panel_start, panel_count)
    sparse_forward, sparse_backward = sparse_products.forward, sparse_products.backward

    @inline
    def locate(X, b1, b2, T, group, groups, rank):
        return make_layout(X.shape[0], b1.size, b2.size, T, group, groups, states, rank, rows, L, R, V, itemsize)

    # ---- one tile ----

    @inline
    def activate(S, at, t0, t1, j0, j1):
        # Z1 without its bias, in A -> A1, and D1 = g'(Z1) in D; A1 = 0 for units beyond n_h
        slope = slope_at(S, at.slope)
        for t in range(t0, t1):
            for j in range(j0, j1, L):
                i = t * at.ld_h + j
                z = load(S, at.A + i, L) + load(S, at.b1 + j, L)
                a = value(z, slope)
                store(S, at.A + i, keep_first(a, at.n_h - j))
                store(S, at.D + i, derivative(z, a, slope) * 1.0)

    @inline
    def drop_units(control, S, at, n, j0, j1):
        # A1 and D1 of n examples and units j0, ..., j1 - 1, without dropped units
        drop = elements(control, KEEP, 2)
        for t in range(n):
            for j in range(j0, j1, L):
                i, kept = t * at.ld_h + j, kept_units(S, at.starts, t, j, drop, L)
                store(S, at.A + i, load(S, at.A + i, L) * kept)
                store(S, at.D + i, load(S, at.D + i, L) * kept)

    def make_panel(v):
        """The passes over one panel of v vectors of units."""
        products = make_panel_products(L, R, v)
        first_forward, first_backward = products.forward, products.backward

        @inline
        def forward(S, at, x_row, x_step, p, panels, j, n, k, stop, X, then, k0, add):
            # Z1 over features k, ..., stop - 1, and after the last ones A1 and D1
            count = min(at.block, at.n_x - k0)
            ka, kb = k0 + cut(count, p, panels), k0 + cut(count, p + 1, panels)
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
        def backward(S, at, x_row, x_step, p, panels, j, n, k, stop, X, then, k0, add):
            # dW1 of features k, ..., stop - 1; before the last ones dW2, dZ1 and db1
            if stop == at.n_x:
                panel_errors(S, at, j, n)
            if dense_panels:
                ta, tb = then + cut(n, p, panels), then + cut(n, p + 1, panels)
                for f in range(k, stop, R):
                    first_backward(S, at, x_row, x_step, j, n, k, f, add)
                    if not shuffled and at.block < at.n_x:
                        expect(X, ta, tb, k0 + f - k, min(k0 + f - k + R, at.n_x))

        @inline
        def panel_errors(S, at, j, n):
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
        """A pass over units first, ..., last - 1 in panels of 1, 2 or 3 vectors, for one block of features."""

        @inline
        def over_panels(S, at, x_row, x_step, n, k, stop, X, then, k0, add, first, last):
            vectors = (last - first) // L
            panels = panel_count(vectors)
            for p in range(panels):
                j = first + panel_start(p, vectors)
                width = first + panel_start(p + 1, vectors) - j
                if width == 3 * L:
                    pass3(S, at, x_row, x_step, p, panels, j, n, k, stop, X, then, k0, add)
                elif width == 2 * L:
                    pass2(S, at, x_row, x_step, p, panels, j, n, k, stop, X, then, k0, add)
                else:
                    pass1(S, at, x_row, x_step, p, panels, j, n, k, stop, X, then, k0, add)

        return over_panels

    forward_panels, backward_panels = map(make_over_panels, *map(make_panel, (1, 2, 3)))

    # ---- W1 in rows: a tile in four stages, of which the second and the last are shared by units ----

    @inline
    def load_tile(X, control, i, key, start, n, S, at):
        # n examples of X -> the scratch memory, and what decides which of their units are dropped
        load_x(X, control, i, start, n, 0, at.n_x, S, at)
        if dropped:
            starts(control, key, i, start, n, S, at.starts)

    @inline
    def share_start(at, share, shares):
        # of the units, up to a multiple of L
        return cut(at.width // L, share, shares) * L

    @inline
    def hidden_units(W1, control, S, at, n, share, shares):
        # n examples in the scratch memory -> A1 and D1 of a share of the units
        j0, j1 = share_start(at, share, shares), share_start(at, share + 1, shares)
        padded = round_up(n, R)
        for t in range(n, padded):
            fill(S, at.A + t * at.ld_h + j0, j1 - j0, 0)
        forward_rows(W1, S, at, n, j0, min(j1, at.n_h))
        activate(S, at, 0, padded, j0, j1)
        if dropped:
            drop_units(control, S, at, n, j0, j1)

    @inline
    def hidden_layer(X, order, i, start, n, W1, S, at):
        # n examples -> A1 and D1, one block of features after the other
        x_row, x_step = steps(X, at)
        for k in range(0, at.n_x, at.block):
            stop = min(k + at.block, at.n_x)
            load_x(X, order, i, start, n, k, stop, S, at)
            if not rows:
                k0 = stop if stop < at.n_x else max(k - at.block, 0)
                forward_panels(S, at, x_row, x_step, n, k, stop, X, start, k0, False, 0, at.width)
        if rows:
            padded = round_up(n, R)
            fill(S, at.A + n * at.ld_h, (padded - n) * at.ld_h, 0)
            forward_rows(W1, S, at, n, 0, at.n_h)
            activate(S, at, 0, padded, 0, at.width)

    @inline
    def hidden_gradients(X, order, i, start, n, dW1, S, at, add):
        # dW1, dW2 and db1 of n examples: back from the last block of features, which `hidden_layer` has left behind
        x_row, x_step = steps(X, at)
        final = (at.n_x - 1) // at.block * at.block
        for k in range(final, -1, -at.block):
            stop = min(k + at.block, at.n_x)
            if k < final:
                load_x(X, order, i, start, n, k, stop, S, at)
            k0 = k - at.block if k > 0 else 0
            then = start if k > 0 else start + n
            backward_panels(S, at, x_row, x_step, n, k, stop, X, then, k0, add, 0, at.width)
        if rows:
            backward_rows(S, at, dW1, n, 0, at.n_h, add)

    @inline
    def sparse_hidden_layer(X, order, i, start, n, W1, S, at):
        # n examples -> A1 and D1
        padded = round_up(n, R)
        sparse_forward(X, order, i, start, n, S, at)
        fill(S, at.A + n * at.ld_h, (padded - n) * at.ld_h, 0)
        activate(S, at, 0, padded, 0, at.width)

    @inline
    def sparse_hidden_gradients(X, order, i, start, n, dW1, S, at, add):
        # dW2 and db1 of n examples, and then dW1
        backward_panels(S, at, 0, 0, n, 0, at.n_x, X, 0, 0, add, 0, at.width)
        sparse_backward(X, order, i, start, n, S, at)

    if sparse:
        hidden_layer, hidden_gradients = sparse_hidden_layer, sparse_hidden_gradients

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
    def errors(Y, control, i, start, n, S, at, scale, with_cost):
        # A1 -> scale * dZ2, and its sums to db2; gives back the cost of n examples
        row, column = Y.strides[0] // itemsize, Y.strides[1] // itemsize
        scores(S, at, n)
        examples(Y, control, i, start, row, column, at.n_y, n, S, at.Y, at.ld_t, n)
        if weighted:
            weights(control, i, start, n, S, at.Y + at.n_y * at.ld_t)
        cost = zeros(S, L)
        for t in range(0, round_up(n, R), L):
            z, y = at.Z + t, at.Y + t
            cost = cost + output_errors(S, z, at.ld_t, y, at.ld_t, at.n_y, n - t, scale, with_cost)
        for y in range(at.n_y):
            error = zeros(S, L)
            for t in range(0, n, L):
                error = error + load(S, at.Z + y * at.ld_t + t, L)
            bias = at.gradient + at.b2 + y
            put(S, bias, element(S, bias) + hsum(error))
        if learned:
            add_slope_gradient(S, at, n)
        return hsum(cost)

    @inline
    def hidden_errors(X, dW1, S, at, n, share, shares, add):
        # the gradients of a share of the units; dW1 is overwritten unless `add`
        j0, j1 = share_start(at, share, shares), share_start(at, share + 1, shares)
        backward_panels(S, at, at.ld_x, 1, n, 0, at.n_x, X, 0, 0, add, j0, j1)
        backward_rows(S, at, dW1, n, j0, min(j1, at.n_h), add)

    @inline
    def accumulate(X, Y, control, i, key, begin, end, W1, b1, W2, b2, dW1, S, at, T, scale, with_cost, add):
        # adds scale * (gradients of examples begin, ..., end - 1) to the sums, dW1 only if `add`; gives back their cost
        total = 0.0
        for start in range(begin, end, T):
            n = min(T, end - start)
            hidden_layer(X, control, i, start, n, W1, S, at)
            if dropped:
                starts(control, key, i, start, n, S, at.starts)
                drop_units(control, S, at, n, 0, at.width)
            total += errors(Y, control, i, start, n, S, at, scale, with_cost)
            hidden_gradients(X, control, i, start, n, dW1, S, at, add)
            add = True
        return total

    return SimpleNamespace(
        **vars(parameters),
        locate=locate,
        accumulate=accumulate,
        predict=predict,
        stages=(load_tile, hidden_units, errors, hidden_errors) if shared else None,
    )
