"""How a network leaves for other libraries and formats: methods that import what they need when they are called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from numpy.typing import DTypeLike

if TYPE_CHECKING:
    from ..interchange import CSource


class Exports:
    """The part of a `Network` that reaches up to the wing of conversions."""

    def to_c(
        self: Any,
        path: str | os.PathLike[str],
        *,
        prefix: str = "net",
        dtype: DTypeLike = "float32",
        int8: bool = False,
        X: Any = None,
    ) -> CSource:
        """Write the network as one C99 file that needs no library and allocates nothing.

        It has ``void net_predict(const float *x, float *y)``, where x holds the features of one example, in the units
        that `predict` takes, and y takes probabilities or numbers; ``int net_class(const float *y)`` where there are
        classes, and ``const char *net_label(int index)`` where they have names. C++ takes it too. Compiled with
        ``-DSELF_TEST`` it is a program that checks one example.

        Parameters
        ----------
        path
            The file. It is written whole or not at all.
        prefix
            What its names begin with, instead of ``net``.
        dtype
            ``"float32"`` or ``"float64"``: what the file computes in; with the latter x and y are ``double``.
        int8
            Whether weights are rounded to 8 bits, each hidden unit and each output with a step of its own. They take a
            quarter of the bytes; biases and sums stay as they are.
        X : (n_x, m), optional
            Examples on which the file's outputs are compared with the network's own. Without them 1000 random ones are
            made, by the features' mean and scale, or by 0 and 1.

        Returns
        -------
        CSource
            How many bytes of constants and of stack it takes, and its largest difference from the network, which also
            stand in the file.

        Raises
        ------
        ValueError, TypeError
            For an activation of your own, a prefix that C doesn't take, or numbers that `dtype` doesn't hold.

        Examples
        --------
        >>> net.to_c("flower.c", prefix="flower", int8=True)
        CSource(constants=52, stack=16, difference=0.0419...)
        """
        from ..interchange import to_c

        return to_c(self, path, prefix, dtype, int8, X)
