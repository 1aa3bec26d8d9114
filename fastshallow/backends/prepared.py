"""What can be compiled in advance: every unit of the built-in formulas, or those that most networks need."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..data import STORED
from ..formulas import ACTIVATIONS, OPTIMIZERS, OUTPUTS, SCIKIT_LEARN
from . import native
from .layout import Sizes

COURSE = tuple(Sizes(2, n_h, 1) for n_h in (1, 2, 3, 4, 5))  # the planar flower's networks
SMALL = {"activations": ("tanh", "relu"), "optimizers": ("gradient_descent", "adam")}

Work = Callable[[], Any]


def units(small: bool) -> list[Work]:
    """What to call, one after the other, to have everything compiled; or, if `small`, what most networks need."""
    work: list[Work] = [partial(native.loop, "train"), native.calling]
    hidden = [each for name, each in ACTIVATIONS.items() if not small or name in SMALL["activations"]]
    rules = [each for name, each in OPTIMIZERS.items() if not small or name in SMALL["optimizers"]]
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        work += [partial(native.arithmetic, dtype)]
        work += [partial(native.output_layer, dtype, each) for each in OUTPUTS.values()]
        work += [partial(native.update, dtype, rule) for rule in (*rules, *(() if small else SCIKIT_LEARN))]
        for kind in ("units", "features", "examples"):
            work += [partial(native.arrangement, kind, dtype), partial(native.parameters, dtype, kind)]
        for by_examples in (False, True):
            work += [partial(native.activation, dtype, each, by_examples) for each in hidden]
            work += [partial(native.dropping, dtype, by_examples)]
        exact = COURSE[3:4] if small else COURSE
        work += [partial(native.exact, dtype, each, sizes) for each in hidden for sizes in exact]
        stored = [dtype] if small else [dtype, *(each for each, number in STORED.items() if number == dtype)]
        work += [partial(native.loading, dtype, each) for each in stored]
        if not small:
            work += [partial(native.learning, dtype, by_examples) for by_examples in (False, True)]
            work += [partial(native.sparse, dtype, np.dtype(index)) for index in (np.int32, np.int64)]
    return work
