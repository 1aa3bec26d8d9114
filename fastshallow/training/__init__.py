"""Training: the loop around the steps, what watches it, and the network that it gives back."""

from .checkpoints import CheckpointError
from .checkpoints import read as read_checkpoint
from .display import Clock
from .history import History
from .loop import DivergenceError, Progress
from .network import Network, NetworkFileError, Target
from .training import resume, train
from .watching import score_of

__all__ = [
    "CheckpointError",
    "Clock",
    "DivergenceError",
    "History",
    "Network",
    "NetworkFileError",
    "Progress",
    "Target",
    "read_checkpoint",
    "resume",
    "score_of",
    "train",
]
