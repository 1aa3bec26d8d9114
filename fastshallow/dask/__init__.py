"""Training and predicting on a cluster of Dask's, where the data lie."""

try:
    import dask.array  # noqa: F401  # the library: within the package all imports of its own are relative
    import distributed  # noqa: F401
except ImportError as error:
    raise ImportError(f'this needs {error.name}: pip install "fastshallow[dask]"') from None

from .many import train_many
from .predicting import predict, predict_proba
from .searching import search
from .training import resume, train

__all__ = ["predict", "predict_proba", "resume", "search", "train", "train_many"]
