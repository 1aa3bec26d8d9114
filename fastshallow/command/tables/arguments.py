"""What the command line says about a table."""

from __future__ import annotations

import argparse


def add_learning_arguments(train: argparse.ArgumentParser) -> None:
    """Add which columns are learnt from, and how."""
    train.add_argument("--target", metavar="NAME", help="the column to predict")
    train.add_argument("--features", nargs="+", default=[], metavar="NAME", help="learn from these columns only")
    train.add_argument("--ignore", nargs="+", default=[], metavar="NAME", help="columns to leave out")
    train.add_argument(
        "--categorical", nargs="+", default=[], metavar="NAME", help="columns whose values become a feature each"
    )
    train.add_argument("--classify", action="store_true", help="take a numeric target's values as classes")
    add_reading_arguments(train)


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how a table is written, where that is not seen from it."""
    parser.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether the first row names the columns (else they are c1, c2, ...)",
    )
    parser.add_argument("--decimal", choices=(".", ","), metavar="SIGN", help="the decimal sign: . or ,")
