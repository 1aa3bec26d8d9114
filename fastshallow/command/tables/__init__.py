"""Tables as people have them (CSV, Parquet, .npz), read into columns with a meaning, or refused with what is wrong."""

from ...data import listed
from .arguments import add_learning_arguments, add_reading_arguments
from .reading import Options, Table, read, read_like
from .source import TableError
from .target import learn_target, standardization

__all__ = [
    "Options",
    "Table",
    "TableError",
    "add_learning_arguments",
    "add_reading_arguments",
    "learn_target",
    "listed",
    "read",
    "read_like",
    "standardization",
]
