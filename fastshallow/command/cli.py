"""The command ``fastshallow``: what it understands, and how it fails."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import subprocess
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from ..backends import BACKENDS, BLAS_THREADS
from ..formulas import ACTIVATIONS, OPTIMIZER_NAMES, OPTIMIZERS, OUTPUTS
from .bench_arguments import BENCH, add_bench_arguments
from .console import never_fail_to_print
from .exercise_arguments import EXERCISE, add_exercise_arguments
from .kinds import dropout, fraction, not_negative, one_of, positive, seed, shape, whole
from .tables import add_learning_arguments, add_reading_arguments

TRAIN = """examples:
  fastshallow train                                        the planar flower of the course, beside NumPy
  fastshallow train data.csv --target diagnosis --test-fraction 0.2 --output net.npz
  fastshallow train data.csv --target price --hidden-units 64 --ignore id name
  fastshallow train data.csv --target price --optimizer adam --batch-size 32 --patience 20
  fastshallow train data.parquet --target price --categorical zip
  fastshallow train data.csv --target price --checkpoint run.npz      after a crash: the same with --resume run.npz
  fastshallow train data.npz                               arrays X (n_x, m) and Y (n_y, m)

The target decides the output: two values make a sigmoid, more texts a softmax, more numbers are predicted as numbers,
or with --classify as classes. The report says how the other columns become features, which are standardized; CSV may
be compressed (.gz) or come from standard input (-). Ctrl-C ends training early and keeps the network."""
PREDICT = """examples:
  fastshallow predict net.npz data.csv                     a prediction a row, and the probability of each class
  fastshallow predict net.npz data.csv --output predictions.csv

Columns are found by name, and become features as in training; others, such as the target, are ignored."""
EXPLAIN = """examples:
  fastshallow explain                                      all rungs of the ladder, on 2-4-1 and 1,024 examples
  fastshallow explain numpy --shape 2-4-1 --batch 131072
  fastshallow explain fused --shape 784-128-10 --batch 1024 --asm

Time is measured by leaving parts out, or by doing them again apart from the rest; calls, arrays and bytes are counted
while they are made; instructions are read from the machine code. The ladder is loops, examples, numpy, jit, fused."""
COMPILE = """examples:
  fastshallow compile
  fastshallow compile --set small
  FASTSHALLOW_CACHE_DIR=/opt/fastshallow fastshallow compile      for all users of that folder, who need not write there

What is compiled is kept in FASTSHALLOW_CACHE_DIR, or in your own folder of caches; nothing is compiled twice."""
INFO = """examples:
  fastshallow info
  fastshallow info --json"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 2 for bad input, 130 after Ctrl-C."""
    never_fail_to_print()
    try:
        try:
            return _run(argv)
        finally:
            sys.stdout.flush()  # also where --help ends the process
    except BrokenPipeError:  # whoever read this has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except KeyboardInterrupt:
        print("fastshallow: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        reason = error.strerror or str(error)
        return _complain(f"{error.filename}: {reason[0].lower()}{reason[1:]}" if error.filename else reason)
    except MemoryError as error:
        return _complain(f"not enough memory. {error}")
    except (ValueError, ArithmeticError) as error:  # bad input in the package's own words, or divergence
        return _complain(str(error))


def _run(argv: Sequence[str] | None) -> int:
    parser, commands = _parser()
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        _refuse(unknown[0], commands.get(arguments.command, parser))
    if arguments.command is None:
        parser.print_help()
        return 0
    here = arguments.command == "explain" or (arguments.command == "bench" and arguments.html)
    if here and argv is None:
        _restart_on_one_thread()
    with warnings.catch_warnings():
        warnings.showwarning = _note
        status: int = importlib.import_module(f".{arguments.command}", __package__).run(arguments)
    return status


def _note(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"fastshallow: note: {message}", file=sys.stderr)


def _complain(message: str) -> int:
    print(f"fastshallow: error: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _restart_on_one_thread() -> None:
    """Begin again with one BLAS thread: NumPy decides that when it is imported, which has happened."""
    wanted = dict.fromkeys(BLAS_THREADS, "1")
    if wanted.items() <= os.environ.items():
        return
    command, environment = [sys.executable, "-m", "fastshallow", *sys.argv[1:]], {**os.environ, **wanted}
    if os.name == "nt":  # exec there returns to the shell at once
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)
    os.execve(sys.executable, command, environment)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"fastshallow: error: {message} (see {self.prog} --help)\n")


def _refuse(argument: str, parser: argparse.ArgumentParser) -> NoReturn:
    close = difflib.get_close_matches(argument, parser._option_string_actions, 1) if argument.startswith("-") else []
    parser.error(f"unrecognized argument {argument!r}{f'; did you mean {close[0]}?' if close else ''}")


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser, and those of the commands by their names."""
    parser = _Parser(prog="fastshallow", description="Train networks with one hidden layer, fast, on a CPU.")
    parser.add_argument("--version", action=_Version)
    names = "train | predict | bench | explain | exercise | compile | info"
    commands = parser.add_subparsers(dest="command", metavar=names)

    def command(name: str, summary: str, epilog: str) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if name not in ("bench", "exercise"):  # which have their own
            made.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        return made

    _add_train_arguments(command("train", "train on your own table, or on the planar flower of the course", TRAIN))

    predict = command("predict", "predict from a table with a saved network", PREDICT)
    predict.add_argument("network", help="the .npz file that train --output wrote")
    predict.add_argument("data", help="a CSV, Parquet or - with the columns that it knows, or .npz with X (n_x, m)")
    add_reading_arguments(predict)
    predict.add_argument("--output", metavar="FILE", help="write the predictions there (default: standard output)")

    add_bench_arguments(command("bench", "validate every backend against NumPy, then time them", BENCH))

    explain = command("explain", "show where a backend's time goes, and why the next one is faster", EXPLAIN)
    explain.add_argument(
        "backend", nargs="?", choices=BACKENDS, metavar="BACKEND", help=f"{', '.join(BACKENDS)} (default: all)"
    )
    explain.add_argument("--shape", type=shape, default=(2, 4, 1), metavar="N_X-N_H-N_Y", help="default: 2-4-1")
    explain.add_argument("--batch", type=whole, default=1024, metavar="M", help="examples (default: 1024)")
    explain.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    explain.add_argument(
        "--hidden", choices=ACTIVATIONS, default="tanh", metavar="NAME", help=one_of(ACTIVATIONS, "tanh")
    )
    explain.add_argument(
        "--output", choices=OUTPUTS, default="sigmoid", metavar="NAME", help=one_of(OUTPUTS, "sigmoid")
    )
    explain.add_argument("--asm", action="store_true", help="show the instructions of the hot loop, and what each does")

    add_exercise_arguments(command("exercise", "learn performance by exercises that check themselves", EXERCISE))

    compile_ = command("compile", "compile in advance what is built in, so that nobody waits for it", COMPILE)
    compile_.add_argument("--set", choices=("all", "small"), default="all", help="default: all; small: the commonest")

    command("info", "show what decides speed on this machine", INFO)
    return parser, dict(commands.choices)


def _add_train_arguments(train: argparse.ArgumentParser) -> None:
    train.add_argument("data", nargs="?", help="a CSV, Parquet, .npz or - (default: the planar flower)")
    add_learning_arguments(train)
    train.add_argument("--test-fraction", type=fraction, metavar="F", help="hold out this part, and report on it")
    train.add_argument("--hidden-units", type=whole, metavar="N", help="default: 16; 4 for the flower")
    train.add_argument("--hidden", choices=ACTIVATIONS, metavar="NAME", help=one_of(ACTIVATIONS, "tanh"))
    train.add_argument("--epochs", type=whole, metavar="N", help="default: 2,000; 10,000 for the flower")
    train.add_argument(
        "--optimizer", choices=OPTIMIZER_NAMES, metavar="NAME", help=one_of(OPTIMIZER_NAMES, "gradient_descent")
    )
    small = [name for name, each in OPTIMIZERS.items() if each.typical_rate == 0.01]
    train.add_argument(
        "--learning-rate",
        type=positive,
        metavar="A",
        help=f"default: 0.1; 0.01 for {', '.join(small)}; 1.2 for gradient_descent on the flower",
    )
    train.add_argument("--batch-size", type=whole, metavar="M", help="examples of a step (default: all)")
    train.add_argument("--l2", type=not_negative, metavar="A", help="weight decay (default: 0)")
    train.add_argument("--dropout", type=dropout, metavar="F", help="drop this part of the hidden units by chance")
    train.add_argument(
        "--class-weight", nargs="+", metavar="CLASS=A", help="how much classes count, as in yes=5 no=1; or balanced"
    )
    train.add_argument(
        "--patience", type=whole, metavar="N", help="hold out a tenth, and stop N epochs after the best one for it"
    )
    train.add_argument("--seed", type=seed, default=2, help="of the weights and of what is held out (default: 2)")
    train.add_argument("--dtype", choices=("float32", "float64"), help="default: float64")
    train.add_argument(
        "--backend", choices=("auto", *BACKENDS), metavar="NAME", help=one_of(("auto", *BACKENDS), "auto")
    )
    train.add_argument("--threads", type=whole, metavar="N", help="default: as many as help")
    train.add_argument("--checkpoint", metavar="FILE", help="keep the run there every minute and at its end")
    train.add_argument("--resume", metavar="FILE", help="go on from a checkpoint, with the same data and options")
    train.add_argument("--output", metavar="FILE", help="save the network there, as .npz")
    train.add_argument(
        "--plot", metavar="FILE", help="draw the costs, and with two features the classes, as .png, .svg or .pdf"
    )
    train.add_argument(
        "--compare",
        action=argparse.BooleanOptionalAction,
        help="train with the NumPy reference as well (default: for the flower)",
    )


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from .. import __version__

        print(f"fastshallow {__version__}")
        parser.exit()
