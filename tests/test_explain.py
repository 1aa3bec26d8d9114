"""Where the time of a step goes: counts are right, parts sum up to the whole, and reasons fit the numbers."""

import dataclasses
import functools
import json
import re

import numpy as np
import pytest

from fastshallow.command.cli import main
from fastshallow.measuring import (
    KINDS,
    Anatomy,
    Case,
    anatomy,
    code,
    dissect,
    machine_code,
    operations,
    reasons,
    sources,
)
from fastshallow.measuring.findings import ARITHMETIC, CALLS, FUNCTIONS, INTERPRETER, TRAFFIC, Counts, Loop, Part

SMALL = Case(2, 3, 1, 5)


def test_numpy_operations_are_counted():
    found = operations.recorded(Case(2, 4, 1, 100), "numpy")
    names = [each.ufunc.__name__ for each in found]
    assert names.count("matmul") == 5  # Z1, Z2, dW2, dA1, dW1
    assert names.count("tanh") == 1
    counts = operations.counted(found)
    assert counts.calls == len(found) == 34
    large = [each.result.nbytes for each in found if not each.in_place and np.ndim(each.result) == 2]
    assert large.count(4 * 100 * 4) == 6  # W1 X, Z1, A1, W2' dZ2, A1 A1 and 1 - A1 A1, new each time
    assert counts.array_bytes == sum(large)


def test_an_operation_done_again_changes_nothing_that_it_was_given():
    found = operations.recorded(SMALL, "numpy")
    (in_place,) = (each for each in found if each.in_place)
    before = [np.copy(each) for each in in_place.inputs]
    for replay in operations.replays(found):
        replay()
    assert all(np.array_equal(a, b) for a, b in zip(before, in_place.inputs, strict=True))


def test_examples_take_as_many_operations_each():
    one, two, three = (len(operations.recorded(Case(2, 3, 1, m), "examples")) for m in (1, 2, 3))
    assert two - one == three - two > 20


def test_accesses_are_those_of_the_source():
    read, written = sources.accesses(Case(2, 3, 1, 2))
    # of an example: z1 takes n_h b1 and n_h n_x W1 and X; z2 n_y b2 and n_y n_h W2; Y twice; db2, dW2; W2, db1, dW1, X
    n_x, n_h, n_y = 2, 3, 1
    reads = n_h + 2 * n_h * n_x + n_y + n_y * n_h + 2 * n_y + n_y + n_y * n_h + n_y * n_h + n_h + 2 * n_h * n_x
    assert read == 4 * 2 * reads
    assert written == 4 * 2 * (n_y + n_y * n_h + n_h + n_h * n_x)


def test_the_interpreter_runs_as_much_for_each_example():
    two, four = (sources.bytecodes(Case(2, 3, 1, m), "loops") for m in (2, 4))
    more = sources._bytecodes(Case(2, 3, 1, 4), "loops")
    assert four == more
    assert four > 1.5 * two
    assert sources.bytecodes(Case(2, 3, 1, 4), "numpy") < two


@pytest.mark.parametrize("backend", ["numpy", "examples", "loops", "fused"])
def test_parts_are_the_whole(backend):
    found = dissect(SMALL, backend, seconds=0.002, code=False)
    assert {each.kind for each in found.parts} <= set(KINDS)
    assert all(each.seconds >= 0 and each.how for each in found.parts)
    assert 0.5 * found.seconds <= sum(each.seconds for each in found.parts) <= 1.001 * found.seconds
    assert found.counts.peak and found.counts.peak < 10**5


def test_products_are_arithmetic():
    found = dissect(Case(200, 64, 1, 256), "numpy", seconds=0.01)
    assert found.part(ARITHMETIC) > found.part(FUNCTIONS)  # 13 million multiply-adds against 16,640 functions


def test_few_examples_stand_for_many(monkeypatch):
    """Of 4000 examples 40 are timed, and all takes a hundred times what these take."""
    took = {"whole": 4.0, "plain": 3.0, "compiled": 1.0}
    monkeypatch.setattr(anatomy, "_few", lambda case, backend: 40)
    monkeypatch.setattr(anatomy, "_timed", lambda functions, seconds: {name: took[name] for name in functions})
    found = dissect(Case(2, 3, 1, 4000), "loops", code=False)
    assert (found.measured, found.seconds) == (40, 400.0)
    assert (found.part(ARITHMETIC), found.part(FUNCTIONS), found.part(INTERPRETER)) == (100.0, 100.0, 200.0)
    few = dissect(Case(2, 3, 1, 400), "loops", code=False)
    assert found.counts.bytecodes == pytest.approx(10 * few.counts.bytecodes, rel=0.01)


def test_the_hot_loop_of_the_kernel():
    loop = code.hot_loop(SMALL, "fused", functions=True)
    assert loop.lanes > 1
    assert loop.bits == 32 * loop.lanes
    assert loop.multiply_adds + loop.products_and_sums > 20
    assert loop.divisions >= 1  # of a rational tanh
    assert loop.calls == []
    assert len(loop.lines) == loop.instructions


def test_the_code_that_is_read_is_of_all_entries():
    (text,) = code._fused(SMALL, functions=False).values()
    assert {"accumulate_", "predict_"} <= set(re.findall(r"^_?(\w+_):", text, re.MULTILINE))


X86 = """
step:
	pushq	%rbp
.LBB0_1:
	incq	%r8
	.p2align	4
.LBB0_2:                                # an inner one
	vmovups	(%rdi,%rax,4), %ymm0
	vfmadd231ps	32(%rsp), %ymm1, %ymm0  # 32-byte Folded Reload
	vmulps	%ymm0, %ymm0, %ymm2
	vdivps	%ymm2, %ymm0, %ymm0
	vmovups	%ymm0, 64(%rsp)
	vmovups	%ymm0, (%rsi,%rax,4)
	addq	$8, %rax
	cmpq	%rcx, %rax
	jl	.LBB0_2
	cmpq	%r9, %r8
	jne	.LBB0_1
	movabsq	$tanhf, %r12
.LBB0_5:
	vmovss	(%rdi,%rax,4), %xmm0
	callq	*%r12
	vmovss	%xmm0, (%rsi,%rax,4)
	decq	%r13
	jne	.LBB0_5
	retq
"""
AARCH64 = """
_step:
LBB0_1:
	ldr	q0, [x0, x8]
	ldr	q3, [sp, #16]                   ; 16-byte Folded Reload
	fmla	v0.4s, v1.4s, v2.4s
	fdiv	v0.4s, v0.4s, v3.4s
	str	q0, [sp, #32]
	str	q0, [x1, x8]
	add	x8, x8, #16
	cmp	x8, x9
	b.lt	LBB0_1
LBB0_2:
	ldr	s0, [x0, x8]
	bl	_tanhf
	subs	x9, x9, #1
	b.ne	LBB0_2
	ret
"""


def test_loops_of_x86():
    vector, scalar = machine_code.loops(X86, "here")
    assert vector == Loop("here", 256, 8, 9, 1, 1, 1, 1, 1, 1, 1, [], vector.lines)
    words = [word for _, word in vector.lines]
    assert words[:3] == ["load", "multiply-add, load from the stack", "multiply"]
    assert words[4:6] == ["store to the stack", "store"]
    assert (scalar.lanes, scalar.calls) == (1, ["tanhf"])
    assert scalar.lines[1] == ["callq *%r12", "call tanhf"]
    assert machine_code.hottest([vector, scalar], functions=True) is scalar


def test_a_frame_pointer_points_to_the_stack_and_nothing_else_does():
    by_rbp = X86.replace("(%rsp)", "(%rbp)")
    framed = by_rbp.replace("pushq	%rbp\n", "pushq	%rbp\n	movq	%rsp, %rbp\n")
    found = {text: machine_code.loops(text, "here")[0] for text in (X86, by_rbp, framed)}
    assert [[word for word in dict(map(reversed, each.lines)) if "stack" in word] for each in found.values()] == [
        ["multiply-add, load from the stack", "store to the stack"],
        [],
        ["multiply-add, load from the stack", "store to the stack"],
    ]


APPLE = re.sub(r"f(\w+)(\s+v\d).4s, (v\d).4s, (v\d).4s", r"f\1.4s\2, \3, \4", AARCH64)


@pytest.mark.parametrize("text", [AARCH64, APPLE])
def test_loops_of_aarch64(text):
    vector, scalar = machine_code.loops(text, "here")
    assert vector == Loop("here", 128, 4, 9, 1, 0, 1, 1, 1, 1, 1, [], vector.lines)
    assert scalar.calls == ["tanhf"]


def test_no_loop_is_hot_where_nothing_is_computed():
    assert machine_code.hottest(machine_code.loops("a:\n\tincq\t%rax\n\tjne\ta\n", "x"), functions=False) is None


def made(backend, calls=0.0, functions=0.0, traffic=0.0, arithmetic=0.0, interpreter=0.0, **more):
    times = {CALLS: calls, FUNCTIONS: functions, TRAFFIC: traffic, ARITHMETIC: arithmetic, INTERPRETER: interpreter}
    parts = [Part(kind, seconds, "") for kind, seconds in times.items()]
    counts = Counts(calls=34, arrays=32, array_bytes=21_600_000, bytecodes=1234)
    return Anatomy(SMALL, backend, sum(times.values()), 5, parts, counts, **more)


VECTOR = Loop("", 256, 8, 9, 1, 1, 1, 1, 1, 1, 1)
SCALAR = dataclasses.replace(VECTOR, bits=0, lanes=1, calls=["tanhf"])


@pytest.mark.parametrize(
    ("here", "after", "text"),
    [
        (
            made("numpy", calls=99.0, arithmetic=1.0),
            made("fused", calls=9.0, arithmetic=1.0),
            "fused is 10 times as fast here: of the time that it saves, 100 % is call overhead (34 calls of NumPy "
            "become one call of compiled code).",
        ),
        (
            made("numpy", calls=1.0, traffic=70.0, functions=30.0),
            made("fused", calls=1.0, functions=10.0, loop=VECTOR),
            "fused is 9.2 times as fast here: of the time that it saves, 78 % is memory traffic (32 arrays of 21.6 MB "
            "in all are no longer made).",
        ),
        (
            made("numpy", calls=1.0, functions=9.0),
            made("jit", functions=30.0, loop=SCALAR),
            "jit is 3.0 times slower here: of the time that it takes longer, 100 % are transcendental functions (it "
            "calls tanhf for one number at a time).",
        ),
        (
            made("loops", interpreter=90.0, functions=10.0),
            made("examples", calls=50.0),
            "examples is 2.0 times as fast here: of the time that it saves, 100 % is the interpreter (1,234 "
            "instructions of the interpreter become 34 calls of NumPy).",
        ),
        (
            made("jit", calls=20.0),
            made("fused", calls=5.0),
            "fused is 4.0 times as fast here: of the time that it saves, 100 % is call overhead (a call takes 5 s "
            "instead of 20 s).",
        ),
        (
            made("numpy", arithmetic=100.0),
            made("fused", arithmetic=50.0, loop=VECTOR),
            "fused is 2.0 times as fast here: of the time that it saves, 100 % is arithmetic (34 operations, each over "
            "its own arrays, become one pass over the data).",
        ),
        (
            made("jit", arithmetic=100.0, loop=SCALAR),
            made("fused", arithmetic=10.0, loop=VECTOR),
            "fused is 10 times as fast here: of the time that it saves, 100 % is arithmetic (its loop takes 8 "
            "numbers at a time).",
        ),
        (
            made("numpy", arithmetic=100.0),
            made("fused", arithmetic=101.0),
            "fused is about as fast here: most of its time too is arithmetic.",
        ),
    ],
)
def test_reasons_follow_the_numbers(here, after, text):
    assert reasons.reason(here, after) == text


def test_the_command(capsys, monkeypatch):
    quick = functools.partial(dissect, seconds=0.002, code=False)
    monkeypatch.setattr("fastshallow.command.explain.dissect", quick)
    assert main(["explain", "examples", "--shape", "2-3-1", "--batch", "5", "--hidden", "relu", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["backend"] for each in found["anatomies"]] == ["examples", "numpy", "fused"]
    assert len(found["reasons"]) == 2
    assert main(["explain", "--shape", "2-3-1", "--batch", "5"]) == 0
    shown = capsys.readouterr().out
    assert [line.split()[0] for line in shown.splitlines()[3:8]] == ["loops", "examples", "numpy", "jit", "fused"]
    assert max(map(len, shown.splitlines())) <= 100
    assert main(["explain", "fused", "--output", "softmax"]) == 2
    assert "two outputs" in capsys.readouterr().err
    assert main(["explain", "examples", "--batch", "5", "--asm"]) == 0
    assert "not compiled here" in capsys.readouterr().out


def test_the_instructions_are_shown(capsys, monkeypatch):
    monkeypatch.setattr("fastshallow.command.explain.dissect", functools.partial(dissect, seconds=0.002))
    assert main(["explain", "fused", "--shape", "2-3-1", "--batch", "5", "--asm"]) == 0
    shown = capsys.readouterr().out
    assert "multiply-add" in shown
    assert "call overhead" in shown
    assert max(map(len, shown.splitlines())) <= 100
