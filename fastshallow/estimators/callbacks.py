"""scikit-learn's callbacks, from 1.9 on, which its own MLPs do not call: told of the fit, and of each epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # older than 1.9: nothing to support

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands for scikit-learn's where there is none."""

    def with_callbacks(method: Any) -> Any:
        """Give back the method as it is."""
        return method


__all__ = ["CallbackSupportMixin", "epochs_told", "fit_told", "with_callbacks"]

# What a copy of the estimator needs to predict as if training had ended here.
NEEDED = (
    "coefs_",
    "intercepts_",
    "classes_",
    "_label_binarizer",
    "n_outputs_",
    "out_activation_",
    "n_iter_",
    "n_layers_",
)


class Ended:
    """How an epoch has ended: whether a callback asks to stop."""

    stop = False


@contextmanager
def fit_told(estimator: Any, X: Any, y: Any, metadata: dict[str, Any]) -> Iterator[None]:
    """Tell the estimator's callbacks, if it has any, that a fit begins and ends."""
    if not getattr(estimator, "_skl_callbacks", None):
        yield
        return
    context = estimator._init_callback_context(max_subtasks=estimator.max_iter)
    given = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
    context.call_on_fit_task_begin(**given)
    estimator._told = context, given
    try:
        yield
    finally:
        del estimator._told
    context.call_on_fit_task_end(**given, reconstruction_attributes={})


def epochs_told(estimator: Any) -> Callable[[int], Any]:
    """What tells the callbacks of an epoch, around it."""
    context, given = getattr(estimator, "_told", (None, {}))

    def attributes() -> dict[str, Any]:
        arrays = {name: [each.copy() for each in getattr(estimator, name)] for name in NEEDED[:2]}
        return {name: getattr(estimator, name) for name in NEEDED if hasattr(estimator, name)} | arrays

    @contextmanager
    def told(epoch: int) -> Iterator[Ended]:
        ended = Ended()
        if context is None:
            yield ended
            return
        task = context.subcontext(task_name=f"epoch {epoch}")
        task.call_on_fit_task_begin(**given)
        yield ended
        ended.stop = bool(task.call_on_fit_task_end(**given, reconstruction_attributes=attributes))

    return told
