"""The ladder from loops to hardware, what chooses a rung, and the functions that run one."""

import sys
from types import ModuleType
from typing import Any

from . import dispatch, functional
from .cores import compute_alone, processors
from .dispatch import Plan, explain, make_plan, unavailable
from .functional import Frozen, backends, cost_and_gradients, forward, named_backend
from .ladder import BACKENDS, BLAS_THREADS, BY_EXAMPLE, COMPILED
from .numpy import normalizers

__all__ = [
    "BACKENDS",
    "BLAS_THREADS",
    "BY_EXAMPLE",
    "COMPILED",
    "Frozen",
    "Plan",
    "backends",
    "compute_alone",
    "cost_and_gradients",
    "dispatch",
    "explain",
    "forward",
    "functional",
    "make_plan",
    "named_backend",
    "normalizers",
    "processors",
    "unavailable",
]


class _Door(ModuleType):
    """`fastshallow.backends` is this wing and also, called, the function that lists the backends."""

    def __call__(self) -> Any:
        return backends()


_Door.__call__.__doc__ = backends.__doc__
sys.modules[__name__].__class__ = _Door
