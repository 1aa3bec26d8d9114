"""How a network leaves for other libraries and formats: methods that import what they need when they are called."""

from __future__ import annotations


class Exports:
    """The part of a `Network` that reaches up to the wing of conversions."""
