"""``fastshallow predict``: what a saved network says about a table."""

from __future__ import annotations

import argparse
import os
import sys

from ..data import files
from ..training import Network
from . import lessons, tables
from .predictions import as_csv, as_json, predictions


def run(arguments: argparse.Namespace) -> int:
    """Write a prediction, and the probability of each class, for each row of a table."""
    if arguments.output:
        files.check_writable("--output", arguments.output)
    network = Network.load(arguments.network)
    X, notes = lessons.features_like(arguments.data, network, tables.Options.of(arguments), arguments.network)
    for note in notes:
        print(f"fastshallow: note: {note}", file=sys.stderr)
    columns = predictions(network, X)
    pieces = [as_json(columns) + "\n"] if arguments.json else as_csv(columns)
    if arguments.output:
        with open(arguments.output, "w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    else:
        if not sys.stdout.isatty() and "PYTHONIOENCODING" not in os.environ and hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")  # a file, most likely, which is to be read again
        sys.stdout.writelines(pieces)
    return 0
