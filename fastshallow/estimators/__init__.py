"""scikit-learn's interface: estimators that train with the kernels."""

try:
    import sklearn  # noqa: F401
except ImportError:
    raise ImportError('the estimators need scikit-learn: pip install "fastshallow[sklearn]"') from None

from .accelerating import accelerate
from .shallow import ShallowClassifier, ShallowRegressor

__all__ = ["ShallowClassifier", "ShallowRegressor", "accelerate"]
