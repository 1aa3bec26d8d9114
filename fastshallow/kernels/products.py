"""Products of small matrices whose rows are examples side by side, in memory that stays in cache.

Matrices are given by an array, the offset of their first element and the distance of their rows.
"""

from __future__ import annotations

from types import SimpleNamespace

from .marks import inline
from .simd.tiles import inner_add, outer_add, tile_hsum, tile_load, tile_store, tile_zeros
from .simd.vectors import element, hsum, load, put, store, zeros


@inline
def multiply(acc, A, a, row, step, B, b, step_b, n):
    # acc (R, V vectors) + A (R, n) B (n, V vectors)
    for k in range(n):
        acc = outer_add(acc, A, a + k * step, row, B, b + k * step_b)
    return acc


def make_products(L: int, V: int) -> SimpleNamespace:
    """`product`, `add_gradient` and `add_row_sums` on rows of a multiple of V * L examples."""
    J = min(L, 4)  # rows of one matrix, and
    K = max(1, min(L // J, 4))  # rows of the other, of a register tile of `add_gradient`: at most L sums

    def make_block(R):
        @inline
        def block(A, a, row, step, B, b, ldb, n, C, c, ldc, columns, add):
            for t in range(0, columns, V * L):
                acc = tile_load(C, c + t, ldc, R, V, L) if add else tile_zeros(C, R, V, L)
                acc = multiply(acc, A, a, row, step, B, b + t, ldb, n)
                tile_store(C, c + t, ldc, acc)

        return block

    block4, block1 = make_block(4), make_block(1)

    @inline
    def product(A, a, row, step, rows, B, b, ldb, n, C, c, ldc, columns, add):
        # A (rows, n), any strides, times B (n, columns) -> C (rows, columns), or added to it
        whole = rows // 4 * 4
        for r in range(0, whole, 4):
            block4(A, a + r * row, row, step, B, b, ldb, n, C, c + r * ldc, ldc, columns, add)
        for r in range(whole, rows):
            block1(A, a + r * row, row, step, B, b, ldb, n, C, c + r * ldc, ldc, columns, add)

    def make_sums(j, k):
        @inline
        def sums(A, a, lda, B, b, ldb, columns, S, g, ldg, s):
            acc = tile_zeros(S, j, k, L)
            for t in range(0, columns, L):
                acc = inner_add(acc, A, a + t, lda, B, b + t, ldb, L)
            store(s, 0, tile_hsum(acc))
            for r in range(j):
                for c in range(k):
                    i = g + r * ldg + c
                    put(S, i, element(S, i) + element(s, r * k + c))

        return sums

    sums, sums_j, sums_k, sums_1 = make_sums(J, K), make_sums(J, 1), make_sums(1, K), make_sums(1, 1)

    @inline
    def add_gradient(A, a, lda, rows, B, b, ldb, others, columns, S, g, ldg, s):
        # G (rows, others) += A (rows, columns) B (others, columns)'; s: room for L numbers
        whole_j, whole_k = rows // J * J, others // K * K
        for r in range(0, whole_j, J):
            for c in range(0, whole_k, K):
                sums(A, a + r * lda, lda, B, b + c * ldb, ldb, columns, S, g + r * ldg + c, ldg, s)
            for c in range(whole_k, others):
                sums_j(A, a + r * lda, lda, B, b + c * ldb, ldb, columns, S, g + r * ldg + c, ldg, s)
        for r in range(whole_j, rows):
            for c in range(0, whole_k, K):
                sums_k(A, a + r * lda, lda, B, b + c * ldb, ldb, columns, S, g + r * ldg + c, ldg, s)
            for c in range(whole_k, others):
                sums_1(A, a + r * lda, lda, B, b + c * ldb, ldb, columns, S, g + r * ldg + c, ldg, s)

    @inline
    def add_row_sums(A, rows, ld, columns, G):
        # G (rows, 1) += the sums of A's rows
        for r in range(rows):
            total = zeros(A, L)
            for t in range(0, columns, L):
                total = total + load(A, r * ld + t, L)
            put(G, r, element(G, r) + hsum(total))

    return SimpleNamespace(product=product, add_gradient=add_gradient, add_row_sums=add_row_sums)
