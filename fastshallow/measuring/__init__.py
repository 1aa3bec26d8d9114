"""Measuring: cases, how they are timed, and what the machine can do."""

from . import report

__all__ = ["report"]
