"""Numbers as one reads them: in the unit that suits them, to three digits."""

from __future__ import annotations


def seconds_text(seconds: float) -> str:
    """A time: 1.23 ms."""
    for unit, size in ("s", 1.0), ("ms", 1e-3), ("us", 1e-6):
        if seconds >= size:
            return f"{digits(seconds / size)} {unit}"
    return f"{digits(seconds / 1e-9)} ns"


def bytes_text(size: float) -> str:
    """Bytes: 1.23 kB."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{digits(size)} {unit}"
        size /= 1000
    return f"{digits(size)} GB"


def digits(value: float) -> str:
    """A number of 0 or more to three digits, never in powers of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
