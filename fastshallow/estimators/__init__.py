"""scikit-learn's interface: estimators that train with the kernels."""

from typing import TYPE_CHECKING, Any

try:
    import sklearn  # noqa: F401
except ImportError:
    raise ImportError('the estimators need scikit-learn: pip install "fastshallow[sklearn]"') from None

from .accelerating import accelerate
from .searching import ShallowSearchCV
from .shallow import ShallowClassifier, ShallowRegressor

if TYPE_CHECKING:
    from .ensembles import ShallowEnsembleClassifier, ShallowEnsembleRegressor

__all__ = [
    "ShallowClassifier",
    "ShallowEnsembleClassifier",
    "ShallowEnsembleRegressor",
    "ShallowRegressor",
    "ShallowSearchCV",
    "accelerate",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import ensembles  # with all of scikit-learn's, which take half a second to import

    return getattr(ensembles, name)
