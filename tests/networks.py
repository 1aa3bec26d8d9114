"""Two trained networks side by side, and training that breaks off, for the tests that train."""

import numpy as np
from tolerance import tolerance

from fastshallow.training import loop
from fastshallow.training.checkpoints import Checkpoint


def flat(network):
    """All that was learnt, a slope of the leaky rectifier included, as one array."""
    slope = [] if network.hidden.slope is None else [network.hidden.slope]
    return np.concatenate([slope, *(each.ravel() for each in network.parameters)])


def same(one, other):
    return np.array_equal(one.history.cost, other.history.cost) and np.array_equal(flat(one), flat(other))


def far(one, other, dtype, c, scale=1.0):
    """How far two networks lie apart, in units of what rounding may do in some dozen steps: c eps in parameters."""
    costs = np.abs(one.history.cost - other.history.cost).max() / tolerance(dtype, scale, 20.0)
    return max(costs, np.abs(flat(one) - flat(other)).max() / tolerance(dtype, scale, c))


class StoppedError(Exception):
    pass


def stop_after(monkeypatch, steps):
    """Let the run break off after so many pieces, which are steps, as a crash would, once a checkpoint is written."""
    monkeypatch.setattr(loop, "PIECE", 0.0)
    write, left = loop.Run.write, [steps]

    def due(self):
        left[0] -= 1
        return left[0] == 0

    def written(self, checkpoint):
        write(self, checkpoint)
        raise StoppedError

    monkeypatch.setattr(Checkpoint, "due", property(due))
    monkeypatch.setattr(loop.Run, "write", written)
