"""Elements of HTML and SVG as text: whatever is not made here is escaped."""

from __future__ import annotations

from html import escape
from typing import Any


class Markup(str):
    """Text that is markup already."""


def element(tag: str, *inside: Any, **attributes: Any) -> Markup:
    """An element; `class_` and `stroke_width` are written class and stroke-width. None leaves an attribute out."""
    written = "".join(
        f' {name.strip("_").replace("_", "-")}="{escape(_number(value), quote=True)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if not inside and tag in ("br", "line", "path", "rect", "circle", "use"):
        return Markup(f"<{tag}{written}/>")
    return Markup(f"<{tag}{written}>{join(*inside)}</{tag}>")


def join(*parts: Any) -> Markup:
    """Parts one after the other."""
    return Markup("".join(part if isinstance(part, Markup) else escape(_number(part)) for part in parts))


def _number(value: Any) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
