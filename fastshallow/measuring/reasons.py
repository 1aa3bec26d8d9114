"""Why the next rung is faster, or slower, in one cell: one sentence, chosen by what was measured in both."""

from __future__ import annotations

from .findings import ARITHMETIC, CALLS, FUNCTIONS, INTERPRETER, KINDS, TRAFFIC, Anatomy
from .units import bytes_text, seconds_text

SAME = 1.05  # times as fast: less is no difference
MOST = 0.7  # of the difference: so much of it is to be named


def reason(here: Anatomy, after: Anatomy) -> str:
    """What the step from one rung to a later one gains here, and by what."""
    ratio = here.seconds / after.seconds
    if 1 / SAME < ratio < SAME:
        same = " too" if here.largest.kind == after.largest.kind else ""
        return f"{after.backend} is about as fast here: most of its time{same} {_noun(after.largest.kind)}."
    faster = ratio > 1
    sign = 1 if faster else -1
    gains = {kind: sign * (here.part(kind) - after.part(kind)) for kind in KINDS}
    gains = dict(sorted(gains.items(), key=lambda each: -each[1]))
    difference = abs(here.seconds - after.seconds)
    named: list[str] = []
    for kind, gain in gains.items():
        if len(named) < 2 and gain > 0 and sum(gains[each] for each in named) < MOST * difference:
            named.append(kind)
    times = f"{ratio if faster else 1 / ratio:,.{0 if max(ratio, 1 / ratio) >= 9.95 else 1}f}"
    parts = " and ".join(f"{100 * min(1.0, gains[kind] / difference):.0f} % {_noun(kind)}" for kind in named)
    causes = "; ".join(dict.fromkeys(_cause(kind, here, after, faster) for kind in named))
    how, what = ("as fast", "it saves") if faster else ("slower", "it takes longer")
    return f"{after.backend} is {times} times {how} here: of the time that {what}, {parts} ({causes})."


def _noun(kind: str) -> str:
    return {
        INTERPRETER: "is the interpreter",
        CALLS: "is call overhead",
        FUNCTIONS: "are transcendental functions",
        TRAFFIC: "is memory traffic",
        ARITHMETIC: "is arithmetic",
    }[kind]


def _cause(kind: str, here: Anatomy, after: Anatomy, faster: bool) -> str:
    if kind == INTERPRETER:
        steps = f"{here.counts.bytecodes:,} instructions of the interpreter"
        return f"{steps} become {_calls(after)}" if faster else f"{after.counts.bytecodes:,} instructions of it run"
    if kind == CALLS:
        if _compiled(here) and _compiled(after):
            return f"a call takes {seconds_text(after.part(CALLS))} instead of {seconds_text(here.part(CALLS))}"
        return f"{_calls(here)} become {_calls(after)}" if here.counts.calls else f"there are {_calls(after)}"
    if kind == TRAFFIC:
        return _arrays(here, "are no longer made") if faster else _arrays(after, "are made")
    if kind == FUNCTIONS:
        return _lanes(after)
    if faster and here.counts.calls and _compiled(after) and not _compiled(here):
        return f"{here.counts.calls:,} operations, each over its own arrays, become one pass over the data"
    return _arithmetic(after)


def _compiled(one: Anatomy) -> bool:
    return one.backend in ("jit", "fused")


def _calls(one: Anatomy) -> str:
    if _compiled(one):
        return "one call of compiled code"
    return f"{one.counts.calls:,} calls of NumPy"


def _arrays(one: Anatomy, end: str) -> str:
    return f"{one.counts.arrays:,} arrays of {bytes_text(one.counts.array_bytes or 0)} in all {end}"


def _lanes(one: Anatomy) -> str:
    if one.loop is None:
        return (
            "NumPy's own take one example at a time" if one.backend == "examples" else "NumPy's own take whole arrays"
        )
    if one.loop.calls:
        return f"it calls {', '.join(dict.fromkeys(one.loop.calls))} for one number at a time"
    return f"its own take {one.loop.lanes} numbers at a time and call nothing"


def _arithmetic(one: Anatomy) -> str:
    if one.loop is None:
        return "a product is a call of BLAS" if one.backend == "numpy" else "products of one example at a time"
    if one.loop.lanes == 1:
        return "its loop takes one number at a time"
    return f"its loop takes {one.loop.lanes} numbers at a time"
