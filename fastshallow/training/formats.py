"""What the files of networks and of checkpoints hold: their members' names, and what each may be."""

from __future__ import annotations

from ..data import files

Member = files.Member

PARAMETERS = {
    "W1": Member("finite numbers", ("n_h", "n_x")),
    "b1": Member("finite numbers", ("n_h", 1)),
    "W2": Member("finite numbers", ("n_y", "n_h")),
    "b2": Member("finite numbers", ("n_y", 1)),
}
HISTORY = {
    "epoch": Member("counts", ("epochs",)),
    "cost": Member("finite numbers", ("epochs",)),
    "validation_cost": Member("numbers", ("epochs",)),
    "validation_score": Member("numbers", ("epochs",)),
    "learning_rate": Member("finite numbers", ("epochs",)),
    "seconds": Member("finite numbers", ("epochs",)),
    "stopped": Member("texts"),
    "best_epoch": Member("integers"),
}
NETWORK = files.Format(
    "fastshallow network",
    1,
    {
        **PARAMETERS,
        "hidden": Member("texts"),
        "own_hidden": Member("booleans"),
        "slope": Member("finite numbers"),
        "output": Member("texts"),
        **HISTORY,
        "feature_names": Member("texts", ("names",)),
        "feature_mean": Member("finite numbers", ("n_x", 1)),
        "feature_scale": Member("positive numbers", ("n_x", 1)),
        "recipe": Member("texts"),
        "target_name": Member("texts"),
        "target_classes": Member("texts", ("classes",)),
        "target_mean": Member("finite numbers", ("n_y", 1)),
        "target_scale": Member("positive numbers", ("n_y", 1)),
    },
    {"fastshallow checkpoint": "a checkpoint of training; fs.resume(path, X, Y) goes on"},
)
CHECKPOINT = files.Format(
    "fastshallow checkpoint",
    1,
    {
        "settings": Member("texts"),
        "data": Member("texts"),
        **PARAMETERS,
        "slope": Member("finite numbers"),
        "epoch": Member("counts"),
        "position": Member("counts"),
        "sum": Member("numbers"),
        "elapsed": Member("finite numbers"),
        **{f"{k}_{name}": member for k in ("state0", "state1", "best") for name, member in PARAMETERS.items()},
        "state0_slope": Member("finite numbers", (1, 1)),
        "state1_slope": Member("finite numbers", (1, 1)),
        "best_slope": Member("finite numbers"),
        "best": Member("numbers"),
        "waited": Member("counts"),
        "lowest": Member("numbers"),
        "idle": Member("counts"),
        "factor": Member("finite numbers"),
        "least": Member("numbers"),
        "minimizer_w": Member("finite numbers", ("n",)),
        "minimizer_cost": Member("numbers"),
        "minimizer_gradient": Member("finite numbers", ("n",)),
        "minimizer_iterations": Member("counts"),
        "minimizer_evaluations": Member("counts"),
        "minimizer_s": Member("finite numbers", ("pairs", "n")),
        "minimizer_y": Member("finite numbers", ("pairs", "n")),
        "minimizer_rho": Member("finite numbers", ("pairs",)),
        "minimizer_reason": Member("texts"),
        **{f"history_{name}": member for name, member in HISTORY.items()},
    },
    {"fastshallow network": "a trained network; fs.Network.load(path) reads it"},
)
