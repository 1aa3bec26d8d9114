"""Copies between memory layouts: into padded buffers that fit a cache, and transposed.

Arrays are addressed by flat offsets: element (r, c) of a matrix is at i + r * row + c * column.
"""

from __future__ import annotations

from types import SimpleNamespace

from .compiling import helper, inline
from .reading import PLAIN, read, read_first, read_tile, read_vector
from .simd import element, put, store, store_first
from .tiles import tile_store, tile_transpose


def make_copying(L: int, shuffled: bool = False, kind: int = PLAIN) -> SimpleNamespace:
    """`fill`, `copy`, `transpose` and `examples` in vectors of L lanes, for compiled code to call.

    They convert from a's dtype, or from the `kind` of numbers that its elements are, to b's.
    """

    @helper
    def fill(a, i, n, value):
        for e in range(i, i + n):
            put(a, e, value)

    @helper
    def copy(a, i, row, column, rows, columns, b, j, ld, padded):
        # a (rows, columns), any strides -> b (rows, padded), rows apart by `ld`, zeros in columns, ..., padded - 1
        whole = columns // L * L
        for r in range(rows):
            source, target = i + r * row, j + r * ld
            if column == 1:
                for c in range(0, whole, L):
                    store(b, target + c, read_vector(a, source + c, b, kind, L))
                if whole < columns:
                    rest = read_first(a, source + whole, columns - whole, b, kind, L)
                    store_first(b, target + whole, rest, min(padded - whole, L))
            else:
                for c in range(columns):
                    put(b, target + c, read(a, source + c * column, b, kind))
            for c in range(columns, padded):
                put(b, target + c, 0)

    @helper
    def transpose(a, i, row, rows, columns, b, j, ld):
        # a (rows, columns), rows apart by `row` -> b (columns, rows), rows apart by `ld`
        whole_rows, whole_columns = rows // L * L, columns // L * L
        for r in range(0, whole_rows, L):
            for c in range(0, whole_columns, L):
                block = read_tile(a, i + r * row + c, row, b, kind, L)
                tile_store(b, j + c * ld + r, ld, tile_transpose(block))
        for r in range(rows):
            for c in range(0 if r >= whole_rows else whole_columns, columns):
                put(b, j + c * ld + r, read(a, i + r * row + c, b, kind))

    @helper
    def gather(a, order, i, row, column, rows, columns, b, j, ld, padded):
        # as `copy`, columns order[i], order[i + 1], ... of a
        for c in range(columns):
            source = int(element(order, i + c)) * column
            for r in range(rows):
                put(b, j + r * ld + c, read(a, source + r * row, b, kind))
        for r in range(rows):
            for c in range(columns, padded):
                put(b, j + r * ld + c, 0)

    @inline
    def examples(a, order, i, begin, row, column, rows, n, b, j, ld, padded):
        # as `copy`, columns begin, ..., begin + n - 1 of a; or where these stand in the order that begins at order[i]
        if shuffled:
            gather(a, order, i + begin, row, column, rows, n, b, j, ld, padded)
        else:
            copy(a, begin * column, row, column, rows, n, b, j, ld, padded)

    return SimpleNamespace(fill=fill, copy=copy, transpose=transpose, examples=examples)
