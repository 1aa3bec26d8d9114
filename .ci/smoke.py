"""Train, predict, save and load with what is installed: the reference and the compiled kernels agree."""

import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

import fastshallow as fs

X, Y = fs.datasets.planar_flower()
options = {"n_h": 4, "epochs": 200, "batch_size": 64, "optimizer": "adam", "learning_rate": 0.01, "seed": 2}
slow, fast = (fs.train(X, Y, backend=backend, **options) for backend in ("numpy", "fused"))
apart = np.abs(fast.history.cost - slow.history.cost).max()
assert apart < 1e-10, apart
assert np.array_equal(fast.predict(X, backend="fused"), slow.predict(X, backend="numpy"))
with tempfile.TemporaryDirectory() as folder:
    fast.save(Path(folder) / "net.npz")
    again = fs.Network.load(Path(folder) / "net.npz")
assert np.array_equal(again.predict_proba(X), fast.predict_proba(X))
assert again.predictor()(X[:, 0]) == again.predict_proba(X[:, :1]) == again.predict_proba(X)[0, 0]
print(f"costs differ by {apart:.1e};", *(f"{name} {version(name)}" for name in ("fastshallow", "numpy", "numba")))
