"""Calls on one shape straight from Python: functions of Python's C interface that look at NumPy's arrays themselves.

To ask an array in Python for its address, shape and strides takes longer than a small step. Here they are read from
where NumPy's C interface says they are. `owner` is the array that holds the run's record, and `arguments` the address
of the arguments' addresses. What does not fit gives the integer 0 instead of a float. With one argument more, the
record is filled and nothing else is done, since several threads will run it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .marks import helper, inline
from .simd.vectors import c_call, call, element, numbers_at, record_at

C_ORDER = 1  # NumPy's flag
NDIM, SHAPE, STRIDES, FLAGS = 1, 2, 3, 6  # words of 8 bytes after that of the numbers' address


def make_calling(run_kind: Any, place_kind: Any, array_data: int) -> dict[str, Callable[..., Any]]:
    """`step` and `infer`; the address of an array's numbers is `array_data` bytes after that of the array."""

    @inline
    def words(arguments, k):
        # of the k-th argument, from the address of its numbers on
        return numbers_at(element(numbers_at(arguments, "int64"), k) + array_data, "int64")

    @inline
    def data(arguments, k):
        return numbers_at(element(words(arguments, k), 0), "float64")

    @helper
    def stride(arguments, k, axis, itemsize) -> int:
        return element(numbers_at(element(words(arguments, k), STRIDES), "int64"), axis) // itemsize

    @helper
    def fits(arguments, k, rows, columns, itemsize) -> bool:
        # whether an array has two dimensions, this shape, and strides of whole numbers
        about = words(arguments, k)
        if element(about, NDIM) % 2**32 != 2:  # half a word
            return False
        shape, strides = numbers_at(element(about, SHAPE), "int64"), numbers_at(element(about, STRIDES), "int64")
        whole = (element(strides, 0) % itemsize == 0) & (element(strides, 1) % itemsize == 0)
        return (element(shape, 0) == rows) & (element(shape, 1) == columns) & whole

    @helper
    def parameters_fit(run, arguments, k) -> bool:
        # whether W1, b1, W2 and b2, from argument k on, do, in C order
        n_x, n_h, n_y, size, ordered = run.n_x, run.n_h, run.n_y, run.itemsize, True
        for e in range(4):
            ordered = ordered & (element(words(arguments, k + e), FLAGS) % 2 == C_ORDER)
        hidden = fits(arguments, k, n_h, n_x, size) & fits(arguments, k + 1, n_h, 1, size)
        return ordered & hidden & fits(arguments, k + 2, n_y, n_h, size) & fits(arguments, k + 3, n_y, 1, size)

    @helper
    def take_x(run, arguments):
        # X, and which way a tile of it lies in its buffer
        run.X, size = data(arguments, 0), run.x_itemsize
        run.x_row, run.x_column = stride(arguments, 0, 0, size), stride(arguments, 0, 1, size)
        if run.turn == 2 or (run.turn == 1 and abs(run.x_column) <= abs(run.x_row)):
            run.x_step, run.x_next, run.pad_examples = run.ld_examples, 1, run.pad_by_examples
        else:
            run.x_step, run.x_next, run.pad_examples = 1, run.ld_features, run.pad_by_features

    @helper
    def take_parameters(run, arguments, k):
        run.given_W1, run.given_b1 = data(arguments, k), data(arguments, k + 1)
        run.given_W2, run.given_b2 = data(arguments, k + 2), data(arguments, k + 3)
        if run.taken_in_place > 0:
            run.W1 = run.given_W1
        if run.taken_in_place > 1:
            run.b1, run.W2, run.b2 = run.given_b1, run.given_W2, run.given_b2

    def make(ready: Callable[..., Any], count: int) -> Callable[..., Any]:
        def called(owner, arguments, given):
            run = record_at(element(numbers_at(owner + array_data, "int64"), 0), run_kind)
            if not ready(run, arguments):
                return c_call(run.new_integer, 0)
            if given > count:
                return c_call(run.new_integer, 1)
            place, state = record_at(run.place, place_kind), 0
            if run.released:
                state = c_call(run.save_thread)
            result = call(run.work, run, place, 0, 0, 0, 0)
            if run.released:
                c_call(run.restore_thread, state)
            return c_call(run.new_float, result)

        return called

    @helper
    def ready_to_step(run, arguments) -> bool:
        # X, Y, W1, b1, W2, b2, and where the gradients go
        m, size = run.m, run.itemsize
        data_fit = fits(arguments, 0, run.n_x, m, run.x_itemsize) & fits(arguments, 1, run.n_y, m, size)
        if not (data_fit & parameters_fit(run, arguments, 2)):
            return False
        take_x(run, arguments)
        take_parameters(run, arguments, 2)
        run.Y, run.y_row, run.y_column = (
            data(arguments, 1),
            stride(arguments, 1, 0, size),
            stride(arguments, 1, 1, size),
        )
        run.asked_dW1, run.asked_db1 = data(arguments, 6), data(arguments, 7)
        run.asked_dW2, run.asked_db2 = data(arguments, 8), data(arguments, 9)
        if run.taken_in_place == 1:
            run.dW1 = run.asked_dW1  # rows of W1 have no slab
        return True

    @helper
    def ready_to_infer(run, arguments) -> bool:
        # X, W1, b1, W2, b2, and where A2 goes
        if not (fits(arguments, 0, run.n_x, run.m, run.x_itemsize) & parameters_fit(run, arguments, 1)):
            return False
        take_x(run, arguments)
        take_parameters(run, arguments, 1)
        run.A2 = data(arguments, 5)
        return True

    return {"step": make(ready_to_step, 10), "infer": make(ready_to_infer, 6)}
