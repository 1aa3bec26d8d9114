"""Training: the loop around the steps, what watches it, and the network that it gives back."""

from .checkpoints import CheckpointError, Kept
from .checkpoints import read as read_checkpoint
from .display import Clock
from .formats import NETWORK
from .history import History
from .loop import DivergenceError, Progress, make_steps
from .many import Finished, Told, gathered, train_many
from .minimizing import Minimizing
from .network import Network, NetworkFileError, Target, members_of, of_members, problem_of
from .networks import Networks
from .searching import Halving, search
from .settings import Data, Outline, Settings, Source
from .stepwise import Rates, Stepwise, regularized
from .tasks import Tasks, Trained
from .training import resume, train
from .watching import score_of

__all__ = [
    "NETWORK",
    "CheckpointError",
    "Clock",
    "Data",
    "DivergenceError",
    "Finished",
    "Halving",
    "History",
    "Kept",
    "Minimizing",
    "Network",
    "NetworkFileError",
    "Networks",
    "Outline",
    "Progress",
    "Rates",
    "Settings",
    "Source",
    "Stepwise",
    "Target",
    "Tasks",
    "Told",
    "Trained",
    "gathered",
    "make_steps",
    "members_of",
    "of_members",
    "problem_of",
    "read_checkpoint",
    "regularized",
    "resume",
    "score_of",
    "search",
    "train",
    "train_many",
]
