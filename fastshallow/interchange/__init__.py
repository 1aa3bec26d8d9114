"""Networks that come from other libraries and formats, and go there."""

from .c_source import CSource, to_c

__all__ = ["CSource", "to_c"]
