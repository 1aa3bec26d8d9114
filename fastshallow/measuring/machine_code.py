"""Machine code as LLVM prints it: its innermost loops, and what their instructions do, on x86 and aarch64."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from .findings import Loop

MULTIPLY_ADD, DIVISION, ROOT, CALL = "multiply-add", "division", "square root", "call"
PRODUCT_OR_SUM = ("multiply", "add")
STACK_STORE, STACK_LOAD = "store to the stack", "load from the stack"
DIVISION_WEIGHT, CALL_WEIGHT = 8, 40  # additions that take as long

# The first pattern that fits a mnemonic says what it does. In x86's a leading v is left out.
X86 = (
    (r"fn?m(add|sub)", MULTIPLY_ADD),
    (r"div[ps][sd]", DIVISION),
    (r"r?sqrt[ps][sd]", ROOT),
    (r"mul[ps][sd]", "multiply"),
    (r"(add|sub|hadd)[ps][sd]", "add"),
    (r"(min|max)[ps][sd]", "minimum or maximum"),
    (r"u?(comi|cmp\w*)[ps][sd]", "compare"),
    (r"p?blend", "select"),
    (r"p?broadcast", "broadcast"),
    (r"p?(perm|shuf|unpck|insert|extract|movshdup|movsldup|movddup)|mov(hl|lh)ps", "shuffle"),
    (r"cvt", "convert"),
    (r"(round|rndscale)", "round"),
    (r"p?(and|andn|or|xor|ternlog)(ps|pd|d|q)?$", "bits"),
    (r"p(add|sub|sll|srl|sra|cmp|max|min|mul)", "integers in a vector"),
    (r"prefetch", "prefetch"),
    (r"k?mov", "move"),
    (r"zeroupper", "clear upper halves"),
    (r"call", CALL),
    (r"j", "jump"),
    (r"(cmp|test)", "compare the index"),
    (r"lea", "address"),
)
AARCH64 = (
    (r"fn?m(la|ls|add|sub)", MULTIPLY_ADD),
    (r"fdiv", DIVISION),
    (r"f(rsqrt|sqrt)", ROOT),
    (r"fn?mul", "multiply"),
    (r"f(add|sub|addp|abd)", "add"),
    (r"f(min|max)", "minimum or maximum"),
    (r"f(cm|ac)", "compare"),
    (r"(bsl|bit|bif|fcsel)", "select"),
    (r"(dup|ld1r)", "broadcast"),
    (r"(zip|uzp|trn|ext|tbl|ins)", "shuffle"),
    (r"(fcvt|scvtf|ucvtf)", "convert"),
    (r"frint", "round"),
    (r"f(abs|neg)|(and|orr|eor|bic)\.", "bits"),
    (r"(shl|[su]shr|add|sub|cm\w+)\.|(shl|[su]shr)$", "integers in a vector"),
    (r"prfm", "prefetch"),
    (r"(ld|st)[prun1-4]", "move"),
    (r"f?mov", "copy"),
    (r"blr?$", CALL),
    (r"(b|cbn?z|tbn?z)(\.\w+)?$", "jump"),
    (r"(cmp|tst|subs)", "compare the index"),
)
LABEL = re.compile(r"^([\w.$\"]+):")
NAMED = re.compile(r"\$([A-Za-z_][\w.$]*), %(\w+)$|(\w+), .*:got(?:_lo12)?:([\w.$]+)")  # a register gets an address


class Instruction(NamedTuple):
    """One line: its text, and what it does."""

    text: str
    does: str
    memory: str  # "", "load", "store", or one of these of the stack
    bits: int = 0  # of the vectors that it works on
    lanes: int = 1
    called: str = ""

    @property
    def word(self) -> str:
        """What it does, for a reader."""
        if self.does == "move":
            return self.memory or "copy"
        if self.called:
            return f"call {self.called}"
        return f"{self.does}, {self.memory}" if self.memory else self.does


def loops(assembly: str, where: str) -> list[Loop]:
    """All innermost loops: from a label to the last jump back to it, with no other loop in between."""
    instructions, labels = _parse(assembly)
    spans: dict[int, int] = {}
    for i, each in enumerate(instructions):
        target = labels.get(re.split(r"[\s,]+", each.text)[-1])
        if each.does == "jump" and target is not None and target <= i:
            spans[target] = max(i, spans.get(target, 0))
    inner = [
        (start, end)
        for start, end in spans.items()
        if not any(start <= other <= last <= end and other != start for other, last in spans.items())
    ]
    return [_loop(instructions[start : end + 1], where) for start, end in sorted(inner)]


def weight(loop: Loop) -> int:
    """Roughly how much arithmetic it is: by it the hot loop is found."""
    return (
        2 * loop.multiply_adds
        + loop.products_and_sums
        + DIVISION_WEIGHT * loop.divisions
        + CALL_WEIGHT * sum(map(is_function, loop.calls))
    )


def is_function(name: str) -> bool:
    """Whether something called is a transcendental function of a library, whatever its prefixes and suffixes."""
    return re.search(r"(tanh|exp|expm1|log|log1p|pow)f?\d*$", name) is not None


def hottest(found: list[Loop], functions: bool) -> Loop | None:
    """The loop with most of the arithmetic: that of transcendental `functions`, or of products."""

    def rank(loop: Loop) -> tuple[bool, int]:
        has_functions = loop.divisions > 0 or any(map(is_function, loop.calls))
        return has_functions == functions, weight(loop)

    heavy = [each for each in found if weight(each)]
    return max(heavy, key=rank) if heavy else None


def _parse(assembly: str) -> tuple[list[Instruction], dict[str, int]]:
    x86 = re.search(r"%[er]?[abcds][xip]|%rsp", assembly) is not None
    framed = re.search(r"movq\s+%rsp, %rbp", assembly) is not None  # else %rbp may point anywhere
    instructions: list[Instruction] = []
    labels: dict[str, int] = {}
    for line in _lines(assembly):
        label = LABEL.match(line)
        if label:
            labels[label[1]] = len(instructions)
        elif not line.startswith("."):
            instructions.append(_x86(line, framed) if x86 else _aarch64(line))
    return _name_calls(instructions), labels


def _lines(assembly: str) -> Iterator[str]:
    """Without comments, which `##`, `# ` or `//` begin."""
    for line in assembly.splitlines():
        text = " ".join(re.split(r"\s##?\s|\s//|^#|^;", f"{line} ")[0].split())
        if text:
            yield text


def _name_calls(instructions: list[Instruction]) -> list[Instruction]:
    """Say what is called where its address is in a register, by the last name that was put there."""
    names: dict[str, str] = {}
    named = []
    for each in instructions:
        found = NAMED.search(each.text)
        if found:
            register, name = (found[2], found[1]) if found[1] else (found[3], found[4])
            names[register] = name
        if each.does == CALL:
            operand = each.text.split()[-1].lstrip("*%_")
            each = each._replace(called=names.get(operand, operand))
        named.append(each)
    return named


def _does(patterns: tuple[tuple[str, str], ...], mnemonic: str) -> str:
    return next((word for pattern, word in patterns if re.match(pattern, mnemonic)), "integer")


def _x86(text: str, framed: bool) -> Instruction:
    mnemonic, _, rest = text.partition(" ")
    mnemonic = mnemonic.removeprefix("v")
    does, memory = _does(X86, mnemonic), ""
    if "(" in rest and does not in ("address", "prefetch", CALL):
        stack = "(%rsp" in rest or (framed and "(%rbp" in rest)
        if rest.endswith(")") and does not in ("compare the index", "compare"):
            memory = STACK_STORE if stack else "store"
        else:
            memory = STACK_LOAD if stack else "load"
    packed, single = re.search(r"p([sd])$", mnemonic), re.search(r"s[sd]$", mnemonic)
    if not packed or single:
        return Instruction(text, does, memory)
    bits = 512 if "%zmm" in rest else 256 if "%ymm" in rest else 128
    return Instruction(text, does, memory, bits, bits // (32 if packed[1] == "s" else 64))


def _aarch64(text: str) -> Instruction:
    mnemonic, _, rest = text.partition(" ")
    does, memory = _does(AARCH64, mnemonic), ""
    if "[" in rest and does in ("move", "broadcast"):
        stack = "[sp" in rest
        stores = mnemonic.startswith("st")
        memory = (STACK_STORE if stack else "store") if stores else STACK_LOAD if stack else "load"
    shape = re.search(r"\.(\d+)([sd])\b", text)  # fmul v0.4s, ..., or fmul.4s v0, ... as Apple writes it
    if not shape:
        return Instruction(text, does, memory)
    return Instruction(text, does, memory, int(shape[1]) * (32 if shape[2] == "s" else 64), int(shape[1]))


def _loop(body: list[Instruction], where: str) -> Loop:
    does = Counter(each.does for each in body)
    memory = Counter(each.memory for each in body)
    arithmetic = [each for each in body if each.does in (MULTIPLY_ADD, DIVISION, *PRODUCT_OR_SUM)]
    widths = Counter((each.bits, each.lanes) for each in arithmetic)
    bits, lanes = widths.most_common(1)[0][0] if widths else (0, 1)
    return Loop(
        where,
        bits,
        lanes,
        len(body),
        does[MULTIPLY_ADD],
        sum(does[word] for word in PRODUCT_OR_SUM),
        does[DIVISION],
        memory["load"],
        memory["store"],
        memory[STACK_STORE],
        memory[STACK_LOAD],
        [each.called for each in body if each.does == CALL],
        [[each.text, each.word] for each in body],
    )
