"""What comes in: arrays of any dtype and order, sparse matrices, blocks, files, and the data sets of the course."""

from . import datasets, files
from .arrays import as_array
from .blocks import Blocks
from .checks import check_data, check_finite, check_labels, check_parameters, check_threads, check_x, check_y
from .columns import Column, Notes, features_of, label, learn_recipe
from .dtypes import FLOAT32, FLOAT64, STORED, by_pieces, computing
from .labels import one_hot
from .orders import Orders, block_size, stratified
from .recipes import Recipe, Rule, listed
from .scales import moments, standardized
from .sparse import Columns, columns_of, is_sparse
from .standardizing import Features, standardize
from .windows import Window, Windows

__all__ = [
    "FLOAT32",
    "FLOAT64",
    "STORED",
    "Blocks",
    "Column",
    "Columns",
    "Features",
    "Notes",
    "Orders",
    "Recipe",
    "Rule",
    "Window",
    "Windows",
    "as_array",
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
    "features_of",
    "files",
    "is_sparse",
    "label",
    "learn_recipe",
    "listed",
    "moments",
    "one_hot",
    "standardize",
    "standardized",
    "stratified",
]
