"""Libraries that conversions need, imported where they are used."""

from __future__ import annotations

import importlib
from typing import Any

EXTRAS = ("onnx", "safetensors", "torch")  # called as the library that they bring


def library(module: str, extra: str) -> Any:
    """Import a module of the library that an extra of this package brings, or that has none and is its own."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != name:
            raise  # it is there, but something that it needs is not
        command = f'"fastshallow[{extra}]"' if extra != name or extra in EXTRAS else name
        raise ImportError(f"this needs {name}: pip install {command}") from None
