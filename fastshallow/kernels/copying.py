"""Copies of matrices between memory layouts: into padded buffers that fit a cache, and transposed."""

from __future__ import annotations

from types import SimpleNamespace

from .marks import helper
from .simd.reading import PLAIN, read, read_first, read_rows, read_tile, read_vector
from .simd.tiles import tile_store, tile_transpose
from .simd.vectors import element, prefetch, put, shifted, store, store_first

AHEAD = 16  # rows that are asked for before they are needed, where they lie anywhere


@helper
def fill(a, n, value):
    # numbers 0, ..., n - 1 of a
    for e in range(n):
        put(a, e, value)


def make_copying(L: int, kind: int = PLAIN) -> SimpleNamespace:
    """Copies in vectors of L lanes, from numbers of a `kind` into those of the computation."""

    @helper
    def copy_row(a, n, b, padded):
        # n numbers side by side, zeros up to `padded`
        whole = n // L * L
        for c in range(0, whole, L):
            store(b, c, read_vector(a, c, b, kind, L))
        if whole < n:
            store_first(b, whole, read_first(a, whole, n - whole, b, kind, L), min(padded - whole, L))
            whole += L
        for c in range(whole, padded):
            put(b, c, 0)

    @helper
    def transpose(a, row, rows, columns, b, ld):
        # a (rows, columns), rows apart by `row` -> b (columns, rows), rows apart by `ld`
        whole_rows, whole_columns = rows // L * L, columns // L * L
        for r in range(0, whole_rows, L):
            for c in range(0, whole_columns, L):
                tile_store(b, c * ld + r, ld, tile_transpose(read_tile(a, r * row + c, row, b, kind, L)))
        for r in range(rows):
            for c in range(0 if r >= whole_rows else whole_columns, columns):
                put(b, c * ld + r, read(a, r * row + c, b, kind))

    @helper
    def expect(a, row, chosen, i, columns, line):
        # asks for the numbers of row chosen[i], of which `line` lie in a cache line, while there is other work
        start = element(chosen, i) * row
        for c in range(0, columns, line):
            prefetch(a, start + c)
        prefetch(a, start + columns - 1)

    @helper
    def gather(a, row, chosen, first, rows, columns, b, ld, line):
        # rows chosen[first], ... of a, whose numbers lie side by side, transposed -> b (columns, rows), rows apart by
        # `ld`; the last vectors of rows and of columns may be some of those before again
        for r in range(0, rows, L):
            r = min(r, rows - L)
            for e in range(L):
                expect(a, row, chosen, first + min(r + AHEAD + e, rows - 1), columns, line)
            for c in range(0, columns, L):
                c = min(c, columns - L)
                tile = read_rows(a, chosen, first + r, row, c, b, kind, L)
                tile_store(b, c * ld + r, ld, tile_transpose(tile))

    @helper
    def bring(a, row, column, rows, columns, b, ld, padded):
        # a (rows, columns), any strides -> b (rows, padded), rows apart by `ld`, zeros in columns, ..., padded - 1
        if column == 1:
            for r in range(rows):
                copy_row(shifted(a, r * row), columns, shifted(b, r * ld), padded)
            return
        if row == 1 and rows >= L:
            transpose(a, column, columns, rows, b, ld)
        else:
            for r in range(rows):
                for c in range(columns):
                    put(b, r * ld + c, read(a, r * row + c * column, b, kind))
        if columns < padded:
            for r in range(rows):
                fill(shifted(b, r * ld + columns), padded - columns, 0)

    return SimpleNamespace(bring=bring, expect=expect, gather=gather, transpose=transpose, copy_row=copy_row)
