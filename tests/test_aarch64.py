"""The kernels of 64-bit ARM, as LLVM writes them here: nothing spills in products, whose operands are elements."""

import os
import re
import subprocess
import sys

import llvmlite.binding as llvm
import pytest

ASSEMBLY = """
import sys
import llvmlite.binding as llvm
llvm.initialize_all_targets()
llvm.initialize_all_asmprinters()
llvm.get_process_triple = lambda: "aarch64-unknown-linux-gnu"  # before a kernel's module asks
import numpy as np
from fastshallow.backends.native import activation_unit
from fastshallow.formulas import activation
from fastshallow.kernels.building import assembly
dtype = np.dtype(sys.argv[2])
arguments = activation_unit(dtype, activation("tanh"), False).arguments if sys.argv[1] == "activation" else (dtype,)
print(assembly(sys.argv[1], () if sys.argv[1] == "loop" else arguments, sys.argv[3:]))
"""
NEOVERSE = {"NUMBA_CPU_NAME": "neoverse-n1", "NUMBA_CPU_FEATURES": "+neon,+fp-armv8"}


def assembly(kind, dtype, *entries):
    command = [sys.executable, "-c", ASSEMBLY, kind, dtype, *(f"{entry}_x" for entry in entries)]
    done = subprocess.run(command, env=os.environ | NEOVERSE, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def innermost_loops(text):
    """The instructions of each loop without another jump."""
    lines = text.splitlines()
    places = {match[1]: i for i, line in enumerate(lines) if (match := re.match(r"(\.LBB\S+):", line))}
    for i, line in enumerate(lines):
        back = re.search(r"^\t(?:b\.|cb|tb).*(\.LBB\S+)$", line)
        if back and places.get(back[1], i) < i:
            loop = [each for each in lines[places[back[1]] + 1 : i] if re.match(r"\t\w", each)]
            if not any(re.match(r"\t(b|b\.\w+|cbn?z|tbn?z)\s", each) for each in loop):
                yield loop


@pytest.fixture(scope="module", autouse=True)
def _target():
    llvm.initialize_all_targets()
    try:
        llvm.Target.from_triple("aarch64-unknown-linux-gnu")
    except RuntimeError:
        pytest.skip("this LLVM knows no ARM")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_spill_nothing_and_take_elements(dtype):
    """4 rows x 3 vectors: 12 sums in registers, whose multiply-adds take a number of X as an element of one."""
    products = [
        (loop, [each for each in loop if "fmla" in each])
        for loop in innermost_loops(assembly("units", dtype, "accumulate", "predict"))
    ]
    products = [(loop, multiply_adds) for loop, multiply_adds in products if len(multiply_adds) == 12]
    assert len(products) >= 3  # forward, backward, the output's gradient
    for loop, multiply_adds in products:
        assert not any("[sp" in each for each in loop)
        assert len(loop) < 2 * len(multiply_adds)
        assert sum(bool(re.search(r"\.[sd]\[\d\]$", each)) for each in multiply_adds) >= 9


def test_waiting_threads_pause():
    assert "isb" in assembly("loop", "float64", "train")


def test_a_quotient_is_divided_once():
    """As everywhere where a product and a sum are one instruction: tanh of four vectors has one division each."""
    text = assembly("activation", "float32", "activate")
    assert "fmla" in text
    for loop in innermost_loops(text):
        assert sum("fdiv" in each for each in loop) <= 4
