"""Update rules, each written once: the same text runs on arrays and on SIMD vectors."""

from __future__ import annotations

from typing import Any


def gradient_descent(parameter: Any, gradient: Any, learning_rate: Any) -> Any:
    """W := W - alpha dW (Deep Learning Specialization, Course 1, Week 3)."""
    return parameter - learning_rate * gradient
