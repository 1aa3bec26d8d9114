"""What a kernel is told and keeps: records with named fields, that Python and compiled code read by the same names.

Every field takes 8 bytes: an integer, a float64, or an address. A record is declared once, here: name and kind of each
field. An address is told by what lies there: a `number` of the computation, an `x` as X is stored, an `index` of sparse
X, another record.
"""

from __future__ import annotations

from typing import Any

import numpy as np

INTEGER, REAL, CODE = "integer", "real", "code"  # CODE: the address of a function
MOST_PARTS = 16  # of the examples, and of the parameters, that threads share

Fields = tuple[tuple[str, str], ...]


def fields(kind: str, names: str) -> Fields:
    """Fields of one kind."""
    return tuple((name, kind) for name in names.split())


# Of a whole call, which all its threads share. What changes while it runs is in STATE.
RUN: Fields = (
    *fields(INTEGER, "call taken done"),  # see `threads`
    *fields(INTEGER, "base threads"),
    # the data, X (n_x, m) and Y (n_y, m): where they are, from feature to feature and from example to example
    *fields("x", "X"),
    *fields("number", "Y"),
    *fields(INTEGER, "x_row x_column x_itemsize x_converted y_row y_column itemsize n_x m n_h n_y"),
    *fields("real*", "weights"),  # of the examples, or none
    *fields("number", "shift"),  # what is subtracted from each feature, or none
    *fields("integer*", "starts"),  # of sparse X: where the numbers of each example begin at X, and their
    *fields("index", "features"),
    # what is to be done
    *fields(INTEGER, "tile chunk group groups shares pieces epochs cost_every batch shuffled dropped learned"),
    *fields(INTEGER, "averaged"),  # whether the loss is the mean over outputs, in the cost alone
    *fields(REAL, "l2 clip_norm"),
    *fields(INTEGER, "keep"),  # a unit is kept if its random word is below this,
    *fields(REAL, "scale"),  # and then multiplied by this
    # tables, from epoch `begun` on, and the costs that are recorded, from number `first` on
    *fields("real*", "rates costs hyperparameters totals"),  # the totals of batches, if not their examples
    *fields("integer*", "orders keys"),
    *fields(INTEGER, "begun first"),
    # what it keeps, to go on exactly where it stopped
    *fields(INTEGER, "epoch position start failed"),
    *fields(REAL, "sum rate"),
    *fields("real*", "parts squares norms"),  # of each group of examples, and of each share of the parameters
    # the parameters as kernels take them, and the gradients of the first group of examples
    *fields("number", "W1 b1 W2 b2 slope dW1 db1 dW2 db2 dslope"),
    # a group's gradients lie in a slab of so many bytes, of which the first ones need not be cleared
    *fields("number", "slabs"),
    *fields(INTEGER, "slab uncleared"),
    # where the parameters come from, and where they, the gradients, or A2 (n_y, m) go
    *fields("number", "given_W1 given_b1 given_W2 given_b2 asked_dW1 asked_db1 asked_dW2 asked_db2 A2"),
    # sizes of the buffers, in numbers; from feature to feature and from example to example in a tile of X
    *fields(INTEGER, "width depth block ld_h ld_t x_step x_next pad_features pad_examples"),
    # which way a tile of X lies: features side by side (0), as X (1) or examples side by side (2); what follows from it
    *fields(INTEGER, "turn ld_features ld_examples pad_by_features pad_by_examples"),
    # of a call from Python: its first place; how many parameters the kernels take from their arrays, W1 first; whether
    # other Python threads may run meanwhile
    *fields(INTEGER, "place taken_in_place released"),
    *fields(CODE, "work new_float new_integer save_thread restore_thread"),  # of Python's C interface
    # of an answer to one example: where NumPy's type of arrays, the dtype and None are, and where an answer goes that
    # is no array; NumPy's code of the dtype; how many threads want an answer; its shape, (n_y, 1)
    *fields(INTEGER, "array_type number_type nothing single type_code busy"),
    *fields("integer*", "answer_shape"),
    *fields(CODE, "new_array hold release"),
    *fields("segment*", "segments"),
    *fields(INTEGER, "segment_count"),
    *fields(CODE, "begin give accumulate stage predict load_x load_y activate output outputs drop learn"),
    *fields(CODE, "add_slabs decay square probe update"),
)
STATE = frozenset(["call", "taken", "done", "epoch", "position", "start", "failed", "sum", "rate"])

# Of a thread: its buffers, and what it is at.
PLACE: Fields = (
    *fields("number", "X Y Z A D weights sums"),
    *fields("word*", "words"),  # of dropout, one for each example
    *fields("real*", "numbers"),  # the coefficients of the optimizer's rule
    *fields("number", "dW1 db1 dW2 db2 dslope"),  # of its group of examples
    *fields("integer*", "order"),  # of the examples in this epoch
    *fields(INTEGER, "key1 key2"),  # of dropout in this epoch
    *fields(INTEGER, "with_cost more"),  # of this batch; whether dW1 holds something already
    *fields(REAL, "total clip"),  # of its examples, or of their weights; what the gradients are multiplied by
)

# Some parameters that are updated alike: numbers that lie one after the other, their gradients and states.
SEGMENT: Fields = (*fields("number", "P G first second"), *fields(INTEGER, "size decays"))


def dtype_of(record: Fields) -> np.dtype[Any]:
    """The record as NumPy sees it."""
    return np.dtype([(name, np.float64 if kind == REAL else np.int64) for name, kind in record])


RUN_DTYPE, PLACE_DTYPE, SEGMENT_DTYPE = dtype_of(RUN), dtype_of(PLACE), dtype_of(SEGMENT)
