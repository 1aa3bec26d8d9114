"""What a network's file keeps beside arrays, as texts: the metadata of other formats hold nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..data import files
from ..training import NETWORK

READ = {"texts": np.str_, "booleans": np.bool_, "integers": np.int64, "counts": np.int64, "finite numbers": np.float64}


def texts_of(members: Mapping[str, Any]) -> dict[str, str]:
    """Members of a network's file that are no arrays of numbers: a text as it is, the rest as JSON."""
    values = {name: np.asarray(member).tolist() for name, member in members.items()}
    return {name: each if isinstance(each, str) else json.dumps(each) for name, each in values.items()}


def read_texts(texts: Mapping[str, str], stored: files.Stored) -> None:
    """Add to `stored` what `texts_of` wrote; texts of other names are left alone."""
    for name, text in texts.items():
        if name not in NETWORK.members or name in stored:
            continue
        kind, shape = NETWORK.members[name]
        if kind == "texts" and not shape:
            stored[name] = np.array(text)
            continue
        try:
            value = json.loads(text)
            flat = value if isinstance(value, list) else [value]
            if (len(flat) != 1 and not shape) or not all(type(each) in (str, bool, int, float) for each in flat):
                raise ValueError
            if (kind == "texts") != all(isinstance(each, str) for each in flat) and flat:
                raise ValueError
            stored[name] = np.array(value, READ[kind])
        except (KeyError, ValueError, TypeError, OverflowError, RecursionError):
            raise files.FileError(f"damaged ({name} is {text[:40]!r})") from None
