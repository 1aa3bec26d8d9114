"""Threads change the time and nothing else; they come and go without harm to whoever else runs."""

import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cases import make_case

import fastshallow as fs
from fastshallow.backends import fused, team

# shapes in several groups of examples: a kernel of exact sizes, examples side by side, units side by side
SHAPES = [(2, 4, 1, 60_000), (9, 11, 2, 9_000), (30, 40, 2, 3_000)]


def same(one, other):
    return one[0] == other[0] and all(map(np.array_equal, one[1], other[1]))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_bits_do_not_depend_on_the_number_of_threads(shape, dtype):
    case = make_case(*shape, dtype)
    plan = fs.explain(*shape, dtype).plan
    assert plan.groups > 2
    one = fs.cost_and_gradients(*case, threads=1)
    for threads in (None, 2, 3, plan.groups, plan.groups + 5):
        for _ in range(3):
            assert same(fs.cost_and_gradients(*case, threads=threads), one), threads


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_nor_do_those_of_training(shape):
    X, Y, _ = make_case(*shape)
    runs = [fs.train(X, Y, shape[1], epochs=7, learning_rate=0.5, seed=3, threads=n) for n in (1, 2, 3, None)]
    for run in runs[1:]:
        assert np.array_equal(run.history.cost, runs[0].history.cost)
        assert all(map(np.array_equal, run.parameters, runs[0].parameters))


def test_a_group_that_is_left_out_is_found():
    X, Y, p = make_case(*SHAPES[0])
    group = fs.explain(*SHAPES[0]).plan.group
    one = fs.cost_and_gradients(X, Y, p, threads=2)
    Y = Y.copy()
    Y[:, group] = 1 - Y[:, group]  # the first example of the second group
    assert not same(fs.cost_and_gradients(X, Y, p, threads=2), one)


def test_eight_callers_at_once():
    cases = [make_case(9, 11, 2, 9_000, seed=seed) for seed in range(8)]
    right = [fs.cost_and_gradients(*case, threads=1) for case in cases]
    trained = fs.train(*cases[0][:2], 11, epochs=20, learning_rate=0.1, seed=1, threads=1)

    def work(i):
        for threads in (2, None):
            assert same(fs.cost_and_gradients(*cases[i], threads=threads), right[i])
            net = fs.train(*cases[0][:2], 11, epochs=20, learning_rate=0.1, seed=1, threads=threads)
            assert np.array_equal(net.history.cost, trained.history.cost)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert team._workers.running == 0


def test_no_more_threads_run_than_there_are_processors():
    workers = team._Workers()
    first = workers.borrow(5, 4)
    assert len(first) == 3  # and the caller
    assert workers.borrow(5, 4) == []
    assert len(workers.borrow(2, None)) == 2  # who asks for a number gets it
    workers.give_back(first)
    assert len(workers.borrow(1, 16)) == 1


@pytest.mark.parametrize("name", team.LIMITS)
def test_the_environment_limits_them(monkeypatch, name):
    for other in team.LIMITS:
        monkeypatch.delenv(other, raising=False)
    count = team.processors()
    monkeypatch.setenv(name, "1")
    assert team.processors() == 1
    monkeypatch.setenv(name, "100000")
    assert team.processors() == count
    monkeypatch.setenv(name, "many")
    assert team.processors() == count


def in_child(queue):
    case = make_case(9, 11, 2, 9_000)
    queue.put((team.processors(), fs.cost_and_gradients(*case, threads=2)[0]))


@pytest.mark.parametrize("method", sorted(set(multiprocessing.get_all_start_methods()) - {"forkserver"}))
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_in_another_process(method):
    """After a fork too, although the threads are not there any more."""
    cost = fs.cost_and_gradients(*make_case(9, 11, 2, 9_000), threads=2)[0]
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    child = context.Process(target=in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=120) == (1, cost)
    child.join(60)
    assert child.exitcode == 0


def test_in_a_joblib_worker():
    joblib = pytest.importorskip("joblib")
    case = make_case(9, 11, 2, 9_000)
    right = fs.cost_and_gradients(*case, threads=1)[0]
    costs = joblib.Parallel(n_jobs=2)(joblib.delayed(fs.cost_and_gradients)(*case) for _ in range(4))
    assert [cost for cost, _ in costs] == [right] * 4


def test_who_gives_up_leaves_nobody_waiting():
    """A caller that is interrupted before it can join its threads frees them."""
    case = make_case(9, 11, 2, 9_000)
    right = fs.cost_and_gradients(*case, threads=2)
    X, Y, p = case
    call = fused.make_call(
        X.shape, p.W2.shape, X.dtype, fs.activations.tanh, fs.losses.OUTPUTS["sigmoid"], "run", 2, True
    )
    gradients = [np.empty_like(array) for array in p]
    here = threading.get_ident()

    def interrupted(*arguments):
        if threading.get_ident() == here:
            raise KeyboardInterrupt
        return call.kernel(*arguments)

    with pytest.raises(KeyboardInterrupt):
        fused.together(interrupted, (X, Y, *p, *gradients, call.scratch, call.control), 2, 2)
    assert team._workers.running == 0 and not fused._thread.calls
    assert same(fs.cost_and_gradients(*case, threads=2), right)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a process")
def test_ctrl_c_with_threads():
    code = (
        "import _thread, threading, numpy as np, fastshallow as fs\n"
        "X, Y = fs.datasets.planar_flower(60_000)\n"
        "fs.train(X, Y, 4, epochs=1, seed=1, threads=2)\n"
        "threading.Timer(0.5, _thread.interrupt_main).start()\n"
        "net = fs.train(X, Y, 4, epochs=10**7, seed=1, threads=2)\n"
        "assert net.history.stopped == 'interrupted', net.history\n"
        "fs.train(X, Y, 4, epochs=3, seed=1, threads=2)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
