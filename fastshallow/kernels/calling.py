"""Calls on one shape straight from Python: functions of Python's C interface that look at NumPy's arrays themselves.

To ask an array in Python for its address, shape and strides takes longer than a small step. Here they are read from
where NumPy's C interface says they are. `owner` is the array that holds the run's record, and `arguments` the address
of the arguments' addresses. What does not fit gives the integer 0 instead of a float. With one argument more, the
record is filled and nothing else is done, since several threads will run it.

`answer` is asked with one example, by a record that holds the parameters already, and looks at all that could be wrong:
what it does not take, or answer with numbers, gives the integer 0, and Python says what is the matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .marks import helper, inline
from .simd.vectors import c_call, call, element, numbers_at, record_at
from .threads import add

C_ORDER, ALIGNED, WRITEABLE = 1, 0x100, 0x400  # NumPy's flags
# Words of 8 bytes after that of the numbers' address, and before it.
NDIM, SHAPE, STRIDES, DTYPE, FLAGS, TYPE = 1, 2, 3, 5, 6, -1


def make_calling(run_kind: Any, place_kind: Any, array_data: int) -> dict[str, Callable[..., Any]]:
    """`step`, `infer` and `answer`; the address of an array's numbers is `array_data` bytes after that of the array."""

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

    @inline
    def has(about, flag):
        return element(about, FLAGS) // flag % 2 == 1

    @inline
    def dimensions(about):
        return element(about, NDIM) % 2**32  # half a word

    @helper
    def fits(arguments, k, rows, columns, itemsize) -> bool:
        # whether an array has two dimensions, this shape, and strides of whole numbers
        about = words(arguments, k)
        if dimensions(about) != 2:
            return False
        shape, strides = numbers_at(element(about, SHAPE), "int64"), numbers_at(element(about, STRIDES), "int64")
        whole = (element(strides, 0) % itemsize == 0) & (element(strides, 1) % itemsize == 0)
        return (element(shape, 0) == rows) & (element(shape, 1) == columns) & whole

    @helper
    def parameters_fit(run, arguments, k) -> bool:
        # whether W1, b1, W2 and b2, from argument k on, do, in C order
        n_x, n_h, n_y, size, ordered = run.n_x, run.n_h, run.n_y, run.itemsize, True
        for e in range(4):
            ordered = ordered & has(words(arguments, k + e), C_ORDER)
        hidden = fits(arguments, k, n_h, n_x, size) & fits(arguments, k + 1, n_h, 1, size)
        return ordered & hidden & fits(arguments, k + 2, n_y, n_h, size) & fits(arguments, k + 3, n_y, 1, size)

    @helper
    def take_x(run, arguments, row, column):
        # X, and which way a tile of it lies in its buffer
        run.X, run.x_row, run.x_column = data(arguments, 0), row, column
        if run.turn == 2 or (run.turn == 1 and abs(run.x_column) <= abs(run.x_row)):
            run.x_step, run.x_next, run.pad_examples = run.ld_examples, 1, run.pad_by_examples
        else:
            run.x_step, run.x_next, run.pad_examples = 1, run.ld_features, run.pad_by_features

    @helper
    def take_matrix(run, arguments):
        size = run.x_itemsize
        take_x(run, arguments, stride(arguments, 0, 0, size), stride(arguments, 0, 1, size))

    @helper
    def take_parameters(run, arguments, k):
        run.given_W1, run.given_b1 = data(arguments, k), data(arguments, k + 1)
        run.given_W2, run.given_b2 = data(arguments, k + 2), data(arguments, k + 3)
        if run.taken_in_place > 0:
            run.W1 = run.given_W1
        if run.taken_in_place > 1:
            run.b1, run.W2, run.b2 = run.given_b1, run.given_W2, run.given_b2

    @helper
    def work(run) -> float:
        state = 0
        if run.released:
            state = c_call(run.save_thread)
        result = call(run.work, run, record_at(run.place, place_kind), 0, 0, 0, 0)
        if run.released:
            c_call(run.restore_thread, state)
        return result

    def make(ready: Callable[..., Any], count: int) -> Callable[..., Any]:
        def called(owner, arguments, given):
            run = record_at(element(numbers_at(owner + array_data, "int64"), 0), run_kind)
            if not ready(run, arguments):
                return c_call(run.new_integer, 0)
            if given > count:
                return c_call(run.new_integer, 1)
            return c_call(run.new_float, work(run))

        return called

    @helper
    def ready_to_step(run, arguments) -> bool:
        # X, Y, W1, b1, W2, b2, and where the gradients go
        m, size = run.m, run.itemsize
        data_fit = fits(arguments, 0, run.n_x, m, run.x_itemsize) & fits(arguments, 1, run.n_y, m, size)
        if not (data_fit & parameters_fit(run, arguments, 2)):
            return False
        take_matrix(run, arguments)
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
        take_matrix(run, arguments)
        take_parameters(run, arguments, 1)
        run.A2 = data(arguments, 5)
        return True

    @helper
    def is_vector(run, arguments, k, n) -> bool:
        # whether it is an array of the dtype, just NumPy's, of shape (n,) or (n, 1), its strides whole numbers
        about = words(arguments, k)
        if element(about, TYPE) != run.array_type:
            return False
        shape, count = numbers_at(element(about, SHAPE), "int64"), dimensions(about)
        if (element(about, DTYPE) != run.number_type) | (count < 1) | (count > 2) | (not has(about, ALIGNED)):
            return False
        return element(shape, 0) == n and (count == 1 or element(shape, 1) == 1)

    @helper
    def apart(run, arguments, n) -> bool:
        # whether the n numbers of the answer lie before or behind those of x
        size, step = run.itemsize, stride(arguments, 0, 0, 1)
        x, a = element(words(arguments, 0), 0), element(words(arguments, 1), 0)
        first, last = x + min(0, (run.n_x - 1) * step), x + max(0, (run.n_x - 1) * step)
        return (a + n * size <= first) | (last + size <= a)

    @helper
    def ready_to_answer(run, arguments) -> bool:
        # x, and where the answer goes, which may be None
        if not is_vector(run, arguments, 0, run.n_x):
            return False
        if element(numbers_at(arguments, "int64"), 1) != run.nothing:
            about = words(arguments, 1)
            if not is_vector(run, arguments, 1, run.n_y) or dimensions(about) != dimensions(words(arguments, 0)):
                return False
            if not (has(about, C_ORDER) & has(about, WRITEABLE) & apart(run, arguments, run.n_y)):
                return False
        return True

    @helper
    def compute(run, arguments, at) -> float:
        # lets the answer be at an address; gives back its first number, or NaN if any is, or another thread computes
        first = math.nan
        if add(run, "busy", 1) == 0:
            row = stride(arguments, 0, 0, run.itemsize)
            take_x(run, arguments, row, row * run.n_x)
            run.A2 = numbers_at(at, "float64")
            if work(run) == 0.0:
                narrow = run.itemsize == 4
                first = element(numbers_at(at, "float32"), 0) if narrow else element(numbers_at(at, "float64"), 0)
        add(run, "busy", -1)
        return first

    def answer(owner, arguments, given):
        run = record_at(element(numbers_at(owner + array_data, "int64"), 0), run_kind)
        if not ready_to_answer(run, arguments):
            return c_call(run.new_integer, 0)
        count, out = dimensions(words(arguments, 0)), element(numbers_at(arguments, "int64"), 1)
        made = out == run.nothing
        if made and count == 1 and run.n_y == 1:
            number = compute(run, arguments, run.single)
            return c_call(run.new_float, number) if number == number else c_call(run.new_integer, 0)
        if made:
            out = c_call(run.new_array, run.array_type, count, run.answer_shape, run.type_code, 0, 0, 0, 0, 0)
            if out == 0:
                return out  # there is no memory, and NumPy has said so
        number = compute(run, arguments, element(numbers_at(out + array_data, "int64"), 0))
        if number == number:
            if not made:
                c_call(run.hold, out)
            return out
        if made:
            c_call(run.release, out)
        return c_call(run.new_integer, 0)

    return {"step": make(ready_to_step, 10), "infer": make(ready_to_infer, 6), "answer": answer}
