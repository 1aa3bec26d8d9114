"""Networks that come from other libraries and formats, and go there."""

from .c_source import CSource, to_c
from .onnx_converter import register_onnx_converter
from .onnx_reading import from_onnx
from .onnx_writing import to_onnx
from .pytorch import from_torch, to_torch
from .safe_tensors import from_safetensors, to_safetensors
from .scikit_learn import from_sklearn, to_sklearn

__all__ = [
    "CSource",
    "from_onnx",
    "from_safetensors",
    "from_sklearn",
    "from_torch",
    "register_onnx_converter",
    "to_c",
    "to_onnx",
    "to_safetensors",
    "to_sklearn",
    "to_torch",
]
