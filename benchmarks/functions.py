"""The vector functions: how long each takes in the first-level cache, beside NumPy's, and its largest error.

``python -m benchmarks.functions`` prints ns and cycles an element, on vectors of one, two and four registers: more have
more chains of instructions that don't wait for each other, and fewer registers left for each. Errors are the largest
of so many numbers of all magnitudes, in units in the last place, against NumPy's float64 (of float32) or 50 digits
(of float64). Other registers: ``NUMBA_CPU_NAME=generic NUMBA_CPU_FEATURES= python -m benchmarks.functions`` has 128
bits, ``NUMBA_CPU_NAME=haswell`` 256.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

from fastshallow.command.console import show_table
from fastshallow.formulas.activations import sigmoid
from fastshallow.kernels.compiling import compile_function
from fastshallow.kernels.machine import lanes, processor, register_bits
from fastshallow.kernels.simd import mathematics  # noqa: F401  which the names below mean in kernels
from fastshallow.kernels.simd.vectors import element, load, put, store
from fastshallow.kernels.values import INT, Pointer
from fastshallow.measuring import compare, digits
from fastshallow.measuring.timing import elapsed

NAMES = ("exp", "expm1", "tanh", "sigmoid", "log", "log1p")
REGISTERS = (1, 2, 4)
ELEMENTS, REPEATS = 2048, 25  # in L1; and in a call, which then takes some 10 us at least
CHAIN = 4  # cycles of an integer product and a sum that wait for each other, on x86 since Haswell and Zen
STEPS = 2**14


FUNCTIONS: dict[str, Callable[..., Any]] = {name: getattr(np, name, sigmoid.value) for name in NAMES}


def kernel(name: str, dtype: str, registers: int) -> Callable[..., None]:
    """A kernel x (n) -> out (n), so many times over, on vectors of so many registers."""
    function, L = FUNCTIONS[name], registers * lanes(dtype)

    def over_all(x: Any, out: Any, n: Any, repeats: Any) -> None:
        for _ in range(repeats):
            for i in range(0, n, L):
                store(out, i, function(load(x, i, L)))

    return compile_function(over_all, Pointer(dtype), Pointer(dtype), INT, INT)


def clock() -> float:
    """Cycles a nanosecond, as the best of many chains shows."""

    def chain(x: Any, n: Any) -> None:
        number = element(x, 0)
        for _ in range(n):
            number = number * number + 1
        put(x, 0, number)

    run, x = compile_function(chain, Pointer(np.int64), INT), np.ones(1, np.int64)
    return CHAIN * STEPS / min(elapsed(lambda: run(x, STEPS)) for _ in range(200)) / 1e9


def positive(name: str, x: Any) -> Any:
    """The numbers that the function takes."""
    return np.abs(x) if name.startswith("log") else x


def times(name: str, dtype: str, seconds: float) -> tuple[float, list[float]]:
    """NumPy's ns an element, and those of vectors of so many registers: the least of many turns."""
    x = positive(name, np.random.default_rng(0).standard_normal(ELEMENTS).astype(dtype))
    x = np.exp(-x) if name == "log1p" else x  # from 0 to 1, as in the loss
    out = np.empty_like(x)
    runs = [kernel(name, dtype, registers) for registers in REGISTERS]
    functions: dict[str, Callable[[], object]] = {"numpy": lambda: FUNCTIONS[name](x)}
    for registers, run in zip(REGISTERS, runs, strict=True):
        functions[f"{registers}"] = lambda run=run: run(x, out, ELEMENTS, REPEATS)  # type: ignore[misc]
    found = compare(functions, seconds=seconds, precision=1e-4)
    numpy, *ours = (1e9 * each.minimum / ELEMENTS for each in found.values())
    return numpy, [each / REPEATS for each in ours]


def largest_error(name: str, dtype: str, count: int) -> float:
    """In ulp of the true value, over numbers of all magnitudes where it is neither 0 nor infinite."""
    random = np.random.default_rng(1)
    highest = 20.0 if name in ("tanh", "sigmoid") else 80.0
    x = random.choice([-1.0, 1.0], count) * highest * 2.0 ** random.uniform(-40.0, 0.0, count)
    x = np.resize(positive(name, x.astype(dtype)), -(-count // 64) * 64)
    got = np.empty_like(x)
    kernel(name, dtype, 1)(x, got, x.size, 1)
    limits = np.finfo(dtype)
    if dtype == "float32":
        right = FUNCTIONS[name](x.astype(np.float64))
        apart = np.abs(got - right)
    else:
        right, apart = np.empty_like(x), np.empty_like(x)
        with mpmath.workdps(50):
            exact = (lambda z: 1 / (1 + mpmath.exp(-z))) if name == "sigmoid" else getattr(mpmath, name)
            for i, number in enumerate(x.tolist()):
                value = exact(mpmath.mpf(number))
                right[i], apart[i] = float(value), abs(float(mpmath.mpf(float(got[i])) - value))
    exponent = np.maximum(np.frexp(right)[1] - 1, limits.minexp)
    return float((apart * 2.0 ** (limits.nmant - exponent)).max())


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.functions", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=0.3, help="for the turns of each figure; default: 0.3")
    parser.add_argument("--numbers", type=int, default=2**20, help="for errors; of float64 a hundredth; default: 2**20")
    arguments = parser.parse_args()
    ghz, rows = clock(), []
    for dtype in ("float32", "float64"):
        for name in NAMES:
            numpy, ours = times(name, dtype, arguments.seconds)
            error = largest_error(name, dtype, arguments.numbers // (1 if dtype == "float32" else 100))
            cycles = [digits(ghz * each) for each in ours]
            rows.append(
                [dtype, name, *map(digits, ours), *cycles, digits(numpy), f"{numpy / min(ours):.1f}", f"{error:.2f}"]
            )
    print(f"{processor()[0]}, registers of {register_bits()} bits, {ghz:.2f} GHz; ns and cycles an element\n")
    header = [f"{unit}, {n}" for unit in ("ns", "cycles") for n in REGISTERS]
    show_table(["dtype", "", *header, "numpy, ns", "x numpy", "ulp"], rows, left=(0, 1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
