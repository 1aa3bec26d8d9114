"""Libraries that conversions need, imported where they are used."""

from __future__ import annotations

import importlib
from typing import Any

EXTRAS = ("onnx", "safetensors", "sklearn", "torch")


def library(module: str, package: str) -> Any:
    """Import a module; if it is missing, the error names what to install: an extra of this package, or `package`."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != name:
            raise  # it is there, but something that it needs is not
        wanted = f'"fastshallow[{package}]"' if package in EXTRAS else package
        raise ImportError(f"this needs {name}: pip install {wanted}") from None
