"""The shapes that the tests choose exist at every width of the registers, not only at this machine's."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import shapes
from shapes import fitted

from fastshallow.backends.dispatch import make_plan


@pytest.mark.parametrize("bits", [128, 256, 512])
def test_every_case_has_its_arrangement_at_every_width(bits):
    for file in Path(__file__).parent.glob("test_*.py"):
        if "from shapes import" in file.read_text(encoding="utf-8"):
            importlib.import_module(file.stem)  # which asks
    assert {each[0] for each in shapes.WANTED} >= {"exact", "examples", "units", "features"}
    for arrangement, shape, size, dtype in list(shapes.WANTED):
        itemsize = np.dtype(dtype).itemsize
        lanes = bits // (8 * itemsize)
        _, (n_x, n_h, n_y, m), found, _ = fitted(arrangement, shape, size, dtype, lanes=lanes)
        assert make_plan(n_x, n_h, n_y, found, itemsize, lanes).arrangement == arrangement
        assert (n_x, n_y, m) == (shape[0], shape[2], shape[3]) and found <= size


def test_what_fits_stays_as_it_is():
    assert fitted("units", (30, 40, 2, 203), 70, "float64", "adam")[1:3] == ((30, 40, 2, 203), 70)
    assert fitted("examples", (9, 11, 2, 203), 70, "float64", lanes=4) == ("examples", (9, 7, 2, 203), 70, "float64")
    assert fitted("features", (33, 19, 2, 50), 8, "float32", lanes=8)[2] < 8
    with pytest.raises(ValueError, match="no shape near"):
        fitted("features", (5, 19, 2, 50), 8, "float32")
