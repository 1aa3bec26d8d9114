"""The text of a network in C: each formula of the hidden layer and the output, and what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Template
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..training import Network

PER_LINE = 6  # numbers
KEYWORDS = (
    "auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|inline|int|long|register|"
    "restrict|return|short|signed|sizeof|static|struct|switch|typedef|union|unsigned|void|volatile|while"
)

# $f is the f of expf and 1.0f where numbers are float.
HIDDEN = {
    "identity": "return z;",
    "sigmoid": "const $real e = exp$f(-fabs$f(z));\n    return (z < 0.0$f ? e : 1.0$f) / (1.0$f + e);",
    "tanh": "return tanh$f(z);",
    "relu": "return z < 0.0$f ? 0.0$f : z;",
    "leaky_relu": "return z < 0.0$f ? $slope * z : z;",
    "softplus": "return (z < 0.0$f ? 0.0$f : z) + log1p$f(exp$f(-fabs$f(z)));",
}
OUTPUT = {
    "identity": "",
    "sigmoid": """
    for (j = 0; j < $n_y; j++) {
        const $real e = exp$f(-fabs$f(y[j]));
        y[j] = (y[j] < 0.0$f ? e : 1.0$f) / (1.0$f + e);
    }""",
    "softmax": """
    {
        $real largest = y[0], total = 0.0$f;
        for (j = 1; j < $n_y; j++) if (y[j] > largest) largest = y[j];
        for (j = 0; j < $n_y; j++) total += y[j] = exp$f(y[j] - largest);
        for (j = 0; j < $n_y; j++) y[j] /= total;
    }""",
    "exp": """
    for (j = 0; j < $n_y; j++) y[j] = exp$f(y[j]);""",
}

SOURCE = Template("""\
/* A network with one hidden layer, $shape: $hidden, $output. Written by fastshallow $version.
 *
$use
 *
$about
 *
 * Flash: $constants bytes of constants, and the code.
 * RAM: $stack bytes of stack for the hidden layer; no variable is static, nothing is allocated.
 * Accuracy: in $tried $random examples, computed by NumPy, no output is further than $difference from the network's.
 * To test: cc -std=c99 -DSELF_TEST this_file.c -lm && ./a.out
 */
$include
#ifdef __cplusplus
extern "C" {
#endif
$prototypes
#ifdef __cplusplus
}
#endif

$arrays

static $real ${prefix}_hidden($real z)
{
    $activation
}

void ${prefix}_predict(const $real *x, $real *y)
{
    $real h[$n_h];
    int i, j, k;
    for (i = 0; i < $n_h; i++) h[i] = 0.0$f;
    for (k = 0; k < $n_x; k++) {
        const $real xk = $xk;
        for (i = 0; i < $n_h; i++) h[i] += $cast${prefix}_W1[k][i] * xk;
    }
    for (i = 0; i < $n_h; i++) h[i] = ${prefix}_hidden(h[i]$step1 + ${prefix}_b1[i]);
    for (j = 0; j < $n_y; j++) y[j] = 0.0$f;
    for (i = 0; i < $n_h; i++) {
        for (j = 0; j < $n_y; j++) y[j] += $cast${prefix}_W2[i][j] * h[i];
    }
    for (j = 0; j < $n_y; j++) y[j] = y[j]$step2 + ${prefix}_b2[j];$result
}
$choice
#ifdef SELF_TEST
#include <stdio.h>

int main(void)
{
$example
    $real y[$n_y];
    int j, wrong = 0;
    ${prefix}_predict(x, y);
    for (j = 0; j < $n_y; j++) {
        const $real apart = y[j] < right[j] ? right[j] - y[j] : y[j] - right[j];
        const int good = apart <= allowed[j];
        printf("y[%d] = $digits, right is $digits: %s\\n", j, (double)y[j], (double)right[j], good ? "ok" : "WRONG");
        if (!good) wrong++;
    }
    return wrong ? 1 : 0;
}
#endif
""")

ARGMAX = """
int ${prefix}_class(const $real *y)
{
    int j, best = 0;
    for (j = 1; j < $n_y; j++) if (y[j] > y[best]) best = j;
    return best;
}
"""
THRESHOLD = """
int ${prefix}_class(const $real *y)
{
    return y[0] > 0.5$f;
}
"""
LABEL = """
static const char *const ${prefix}_labels[$count] = {
$labels
};

const char *${prefix}_label(int index)
{
    return index >= 0 && index < $count ? ${prefix}_labels[index] : "";
}
"""


class Content(NamedTuple):
    """What a file says: the network's arrays as they stand there, an example, and what was measured."""

    network: Network
    prefix: str
    real: np.dtype[Any]
    arrays: dict[str, NDArray[Any]]
    x: NDArray[Any]
    right: NDArray[Any]
    allowed: NDArray[Any]
    difference: float
    tried: int
    random: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of classes."""
        return self.network.target.classes if self.network.target is not None else ()

    @property
    def constants(self) -> int:
        """Bytes of constants."""
        return sum(array.nbytes for array in self.arrays.values()) + sum(len(_utf8(label)) + 1 for label in self.labels)

    @property
    def stack(self) -> int:
        """Bytes of the hidden layer."""
        return len(self.network.parameters.W1) * self.real.itemsize


def source(content: Content) -> str:
    """The whole file."""
    network, prefix, arrays = content.network, content.prefix, content.arrays
    (n_h, n_x), n_y = network.parameters.W1.shape, len(network.parameters.W2)
    real, f = ("float", "f") if content.real.itemsize == 4 else ("double", "")
    names: dict[str, Any] = {"prefix": prefix, "real": real, "f": f, "n_x": n_x, "n_h": n_h, "n_y": n_y}
    names |= {"shape": f"{n_x}-{n_h}-{n_y}", "hidden": network.hidden.name, "output": network.output.name}
    if network.hidden.slope is not None:
        names["slope"] = _number(content.real.type(network.hidden.slope), f)
    choice = _choice(network, content.labels)
    names |= {"count": len(content.labels), "labels": "\n".join(f"    {quoted(label)}," for label in content.labels)}
    prototypes = [f"void {prefix}_predict(const {real} *x, {real} *y);"]
    use = [f"x holds {n_x} numbers, y takes {n_y}: {_meaning(network)}"]
    if "_class" in choice:
        prototypes.append(f"int {prefix}_class(const {real} *y);")
        use.append(f"the class of those y, 0 to {max(n_y, 2) - 1}")
    if "_label(" in choice:
        prototypes.append(f"const char *{prefix}_label(int index);")
        use.append("the name of a class, UTF-8" if "_class" in choice else "the name of an output, UTF-8")
    width = max(map(len, prototypes))
    formula, result = HIDDEN[network.hidden.name], OUTPUT[network.output.name]
    digits = "%.9g" if f else "%.17g"
    names |= {
        "version": __version__,
        "use": "\n".join(f" *     {each:{width}}  {said}" for each, said in zip(prototypes, use, strict=True)),
        "about": "\n".join(f" * {line}".rstrip() for line in _about(network, arrays)),
        "constants": f"{content.constants:,}",
        "stack": f"{content.stack:,}",
        "tried": f"{content.tried:,}",
        "random": "random" if content.random else "given",
        "difference": f"{content.difference:.2g}",
        "include": "#include <math.h>\n" if re.search(r"(exp|tanh)\$f", formula + result) else "",
        "prototypes": "\n".join(prototypes),
        "arrays": "\n".join(_array(f"{prefix}_{name}", array, real, f) for name, array in arrays.items()),
        "activation": formula,
        "result": result,
        "choice": choice,
        "xk": f"x[k] - {prefix}_shift[k]" if "shift" in arrays else "x[k]",
        "cast": f"({real})" if arrays["W1"].dtype == np.int8 else "",
        "step1": f" * {prefix}_step1[i]" if "step1" in arrays else "",
        "step2": f" * {prefix}_step2[j]" if "step2" in arrays else "",
        "digits": digits,
        "example": "\n".join(
            "    " + _array(name, array.ravel().astype(content.real), real, f)
            for name, array in (("x", content.x), ("right", content.right), ("allowed", content.allowed))
        ),
    }
    if "factor" in arrays:
        names["xk"] = f"({names['xk']}) * {prefix}_factor[k]"
    for part in "activation", "result", "choice":
        names[part] = Template(names[part]).substitute(names)
    return SOURCE.substitute(names)


def check_prefix(prefix: Any) -> None:
    """Refuse what C does not take as the beginning of a name."""
    if not isinstance(prefix, str):
        raise TypeError(f"prefix must be a text, not {prefix!r}")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", prefix) or re.fullmatch(KEYWORDS, prefix):
        raise ValueError(
            f"prefix must be a name in C, a letter and then letters, digits and _, and no keyword; not {prefix!r}"
        )


def quoted(text: str) -> str:
    """A text as a literal of C: UTF-8, in which no quote, escape, trigraph or end of a comment can arise."""
    safe = re.sub(rb'[^ -~]|["*?\\]', lambda found: b"\\%03o" % found[0][0], _utf8(text)).decode("ascii")
    if "\\000" in safe or len(_utf8(text)) > 4095:
        raise ValueError(f"the name {text[:40]!r} can't be written as C: it holds NUL, or more than 4095 bytes")
    return f'"{safe}"'


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _choice(network: Network, labels: tuple[str, ...]) -> str:
    """The functions that give classes and their names, if there are any."""
    single = network.output.name == "sigmoid" and len(network.parameters.W2) == 1
    kind = ARGMAX if network.output.name == "softmax" else THRESHOLD if single else ""
    return kind + (LABEL if labels else "")


def _meaning(network: Network) -> str:
    """What y is."""
    if network.output.numbers:
        return "what is predicted"
    if network.output.name == "softmax":
        return "the probability of each class"
    return "the probability of class 1" if len(network.parameters.W2) == 1 else "the probability of each label"


def _about(network: Network, arrays: dict[str, NDArray[Any]]) -> Iterator[str]:
    features, target = network.features, network.target
    if features is None:
        yield "x is what the network was trained with: nothing is standardized here."
    else:
        yield "x is in its own units: it is standardized here."
        yield from (f"x[{k}] is {quoted(name)}" for k, name in enumerate(features.names))
    if target is not None and target.name:
        yield f"y is about {quoted(target.name)}{', in its own unit' if network.output.numbers else ''}."
    if arrays["W1"].dtype == np.int8:
        yield "Weights have 8 bits, with a step for each hidden unit and output."


def _array(name: str, array: NDArray[Any], real: str, f: str) -> str:
    kind = "signed char" if array.dtype == np.int8 else real
    shape = "".join(f"[{size}]" for size in array.shape)
    if array.ndim == 1:
        return f"static const {kind} {name}{shape} = {{{_numbers(array, f)}}};"
    rows = "".join(f"    {{{_numbers(row, f)}}},\n" for row in array)
    return f"static const {kind} {name}{shape} = {{\n{rows}}};"


def _numbers(array: NDArray[Any], f: str) -> str:
    numbers = [str(number) for number in array.tolist()] if array.dtype == np.int8 else [_number(n, f) for n in array]
    lines = (numbers[start : start + PER_LINE] for start in range(0, len(numbers), PER_LINE))
    return ",\n     ".join(", ".join(line) for line in lines)


def _number(number: Any, f: str) -> str:
    text = str(number)  # the shortest that is read as the same bits
    return (text if "." in text or "e" in text else f"{text}.0") + f
