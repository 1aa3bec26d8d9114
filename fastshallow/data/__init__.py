"""What comes in: arrays of any dtype and memory order, sparse matrices, files, and the data sets of the course."""

from . import datasets, files
from .checks import check_data, check_finite, check_labels, check_parameters, check_threads, check_x, check_y
from .dtypes import FLOAT32, FLOAT64, by_pieces, computing
from .orders import Orders, block_size
from .sparse import Columns, columns_of, is_sparse

__all__ = [
    "FLOAT32",
    "FLOAT64",
    "Columns",
    "Orders",
    "block_size",
    "by_pieces",
    "check_data",
    "check_finite",
    "check_labels",
    "check_parameters",
    "check_threads",
    "check_x",
    "check_y",
    "columns_of",
    "computing",
    "datasets",
    "files",
    "is_sparse",
]
