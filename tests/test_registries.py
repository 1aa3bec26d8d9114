"""What is registered once is known everywhere: by the command, its errors, the docs and the top of the package."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import fastshallow as fs
from fastshallow import formulas
from fastshallow.backends import BACKENDS
from fastshallow.command.cli import main
from fastshallow.formulas import optimizers

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
REGISTERED = {
    "hidden": tuple(formulas.ACTIVATIONS),
    "output": tuple(formulas.OUTPUTS),
    "optimizer": formulas.OPTIMIZER_NAMES,
    "backend": tuple(BACKENDS),
}
EVERY = [(argument, name) for argument, names in REGISTERED.items() for name in names]


def test_nothing_is_missing_from_what_follows():
    assert {"tanh", "softplus"} <= set(REGISTERED["hidden"])
    assert {"adagrad", "lbfgs"} <= set(REGISTERED["optimizer"])
    assert [len(names) for names in REGISTERED.values()] == [6, 4, 8, 5]


@pytest.mark.parametrize(("argument", "name"), EVERY)
def test_each_is_in_the_readme_and_in_help(argument, name):
    assert f"`{name}`" in README
    functions = (fs.train,) if argument == "optimizer" else (fs.forward,)
    for function in functions:
        assert f'``"{name}"``' in function.__doc__
        assert not re.search(r"\{[a-z]+\}", function.__doc__)  # every placeholder is filled


@pytest.mark.parametrize("argument", REGISTERED)
def test_errors_list_each(argument):
    X, Y = fs.datasets.planar_flower(m=20)
    with pytest.raises(ValueError, match=f"{argument} must be one of {', '.join(REGISTERED[argument])}.* not 'nosuch'"):
        fs.train(X, Y, epochs=1, **{argument: "nosuch"})


@pytest.mark.parametrize(("argument", "name"), [pair for pair in EVERY if pair[0] != "output"])
def test_the_command_takes_each(argument, name, capsys):
    backend = () if argument == "backend" else ("--backend", "numpy")
    assert main(["train", f"--{argument}", name, *backend, "--epochs", "1", "--no-compare"]) == 0
    assert name.replace("_", " ") in capsys.readouterr().out.replace("_", " ")


@pytest.mark.parametrize(("command", "argument"), [("train", "hidden"), ("train", "optimizer"), ("train", "backend")])
def test_the_command_lists_each(command, argument, capsys):
    for words in ([f"--{argument}", "nosuch"], ["--help"]):
        with pytest.raises(SystemExit):
            main([command, *words])
        out, err = capsys.readouterr()
        assert all(name in " ".join((out + err).split()) for name in REGISTERED[argument])


@pytest.mark.parametrize(("option", "argument"), [("hidden", "hidden"), ("output", "output"), ("backends", "backend")])
def test_bench_lists_each(option, argument, capsys):
    for words in ([f"--{option}", "nosuch"], ["--help"]):
        with pytest.raises(SystemExit):
            main(["bench", *words])
        out, err = capsys.readouterr()
        assert all(name in " ".join((out + err).split()) for name in REGISTERED[argument])


def test_the_backends_are_described():
    assert list(fs.backends()) == [*REGISTERED["backend"], "auto"]
    assert fs.backends()["loops"].about == BACKENDS["loops"]


def test_the_threads_of_blas_are_set_before_numpy_is_imported():
    """The benchmarks import what sets them; and bench starts again with the same ones."""
    code = (
        "import sys, benchmarks.one_thread as o, benchmarks.scaling, benchmarks.peers.__main__ as peers\n"
        "assert 'numpy' not in sys.modules\n"
        "from fastshallow.backends import BLAS_THREADS\n"
        "assert {name.partition('_')[0] for name in BLAS_THREADS} == {'OPENBLAS', 'MKL', 'OMP', 'VECLIB'}\n"
        "assert o.ONE_THREAD == dict.fromkeys(BLAS_THREADS, '1')\n"
        "assert o.ONE_THREAD.items() <= peers.WITHOUT_THREADS.items()"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60, cwd=ROOT)


def test_optimizers_are_handed_on():
    kinds = {type(each).__name__ for each in (*formulas.OPTIMIZERS.values(), fs.LBFGS())}
    assert set(optimizers.__all__) == kinds
    for name in kinds:
        assert getattr(fs, name) is getattr(optimizers, name) is getattr(formulas, name)
        assert name in fs.__all__


def test_what_is_public_is_there():
    names = set(formulas.optimizers.__all__) | {"backends", "train", "forward", "from_onnx"}
    assert names <= set(fs.__all__) <= set(dir(fs))
    for name in dir(fs):
        getattr(fs, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fs.nothing  # noqa: B018
    star = {}
    exec("from fastshallow import *", star)
    assert set(fs.__all__) <= set(star)


def test_the_wing_of_backends_is_the_function_too():
    from importlib import import_module

    assert import_module("fastshallow.backends")() == fs.backends()
