"""A benchmark as one page of HTML, which needs no network: charts, where time goes, and every number in tables."""

from .page import write_comparison, write_page
from .picture import picture

__all__ = ["picture", "write_comparison", "write_page"]
