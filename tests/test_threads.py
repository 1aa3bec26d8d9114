"""Threads change the time and nothing else; they come and go without harm to whoever else runs."""

import ctypes
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cases import make_case

import fastshallow as fs
from fastshallow.backends import cores, fused, native, team
from fastshallow.formulas import activation, output_layer
from fastshallow.training import loop

# shapes in several groups of examples: a kernel of exact sizes, examples side by side, units side by side; and in
# several shares of the parameters: features side by side
SHAPES = [(2, 4, 1, 60_000), (9, 11, 2, 9_000), (30, 40, 2, 3_000), (600, 600, 3, 6)]


def same(one, other):
    return one[0] == other[0] and all(map(np.array_equal, one[1], other[1]))


@pytest.mark.kernels
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_bits_do_not_depend_on_the_number_of_threads(shape, dtype):
    case = make_case(*shape, dtype)
    plan = fs.explain(*shape, dtype).plan
    parts = max(plan.groups, plan.shares)
    assert parts > 2
    one = fs.cost_and_gradients(*case, threads=1)
    A2 = fs.forward(case[0], case[2], threads=1)
    for threads in (None, 2, 3, parts, parts + 5):
        for _ in range(3):
            assert same(fs.cost_and_gradients(*case, threads=threads), one), threads
            assert np.array_equal(fs.forward(case[0], case[2], threads=threads), A2), threads


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_nor_do_those_of_training(shape):
    X, Y, _ = make_case(*shape)
    runs = [fs.train(X, Y, shape[1], epochs=7, learning_rate=0.5, seed=3, threads=n) for n in (1, 2, 3, None)]
    for run in runs[1:]:
        assert np.array_equal(run.history.cost, runs[0].history.cost)
        assert all(map(np.array_equal, run.parameters, runs[0].parameters))


@pytest.mark.parametrize("settings", [{}, {"optimizer": "adam", "l2": 0.3}, {"shuffle": False}], ids=str)
@pytest.mark.parametrize("shape", [(100, 90, 2, 2_100), (260, 270, 3, 70)], ids=str)
def test_nor_do_those_of_batches(monkeypatch, shape, settings):
    """Batches of several groups and shares, the last one smaller; in one piece, and in pieces of one chunk."""
    X, Y, _ = make_case(*shape)
    size = shape[3] // 2 - 3
    plan = fs.explain(*shape[:3], size).plan
    assert max(plan.groups, plan.shares) > 1

    def run(threads):
        common = {"epochs": 3, "learning_rate": 0.05, "seed": 3, "batch_size": size}
        return fs.train(X, Y, shape[1], threads=threads, **common, **settings)

    one = run(1)
    assert np.isfinite(one.history.cost).all()
    for piece in (loop.PIECE, 0.0):
        monkeypatch.setattr(loop, "PIECE", piece)
        for threads in (1, 2, 3, 7):
            other = run(threads)
            assert np.array_equal(other.history.cost, one.history.cost)
            assert all(map(np.array_equal, other.parameters, one.parameters))


@pytest.mark.parametrize("settings", [{}, {"clip_norm": 1e-3, "dropout": 0.5}], ids=["plain", "clipped"])
@pytest.mark.parametrize("shape", [(100, 90, 2, 2_100), (600, 600, 3, 6)], ids=str)
def test_a_thread_that_was_left_behind_touches_nothing(monkeypatch, shape, settings):
    """It has joined a call and slept until the others were done; its place may be another thread's by now."""
    calls, kept = [], []  # all calls, and what has the memory that their records point to
    run, make_steps = team.run, loop.make_steps
    monkeypatch.setattr(team, "run", lambda *arguments: calls.append(arguments) or run(*arguments))
    monkeypatch.setattr(loop, "make_steps", lambda *arguments: kept.append(make_steps(*arguments)) or kept[-1])
    X, Y, _ = make_case(*shape)
    fs.train(X, Y, shape[1], epochs=2, learning_rate=0.01, seed=3, threads=2, **settings)
    kernel, records, *_ = calls[-1]
    record, places = records.run[0], records.places
    record["threads"], record["base"], record["taken"], record["done"] = 2, 0, 2**40, 2**40  # all parts are taken
    record["epoch"], record["position"], record["pieces"] = record["begun"], 0, 99
    for name in ("total", "with_cost", "more", "clip"):
        places[name] = 77
    before = places.tobytes(), records.run.tobytes()
    native.KERNEL(kernel)(records.run_address, records.place_addresses[1], 1, int(record["call"]), 0, 0)
    assert (places.tobytes(), records.run.tobytes()) == before


PER_PART = ("total", "with_cost", "more", "clip", "order", "key1", "key2", "dW1", "db1", "dW2", "db2")  # of a place


@pytest.mark.parametrize(
    "settings", [{}, {"l2": 0.3}, {"clip_norm": 1e-3, "dropout": 0.5}], ids=["plain", "decay", "clipped"]
)
@pytest.mark.parametrize("shape", [(100, 90, 2, 2_100), (600, 600, 3, 6)], ids=str)
def test_what_one_part_leaves_behind_serves_no_other(monkeypatch, shape, settings):
    """A thread may take a share of the parameters and have taken no examples: what lies at its place is anything."""
    X, Y, _ = make_case(*shape)
    common = {"epochs": 2, "seed": 3, "batch_size": shape[3] // 2, "threads": 2}
    common |= {"optimizer": "adam", "learning_rate": 1e-4, **settings}
    one = fs.train(X, Y, shape[1], **common)
    wrapped, kept = {}, []
    run, make_steps = team.run, loop.make_steps

    def forgetful(address, places):
        function = native.KERNEL(address)

        def forget(*arguments):
            answer = function(*arguments)
            for name in PER_PART:
                places[name] = 77
            return answer

        return native.KERNEL(forget)

    def run_forgetfully(kernel, records, most, asked):
        record = records.run[0]
        for name in ("begin", "accumulate", "stage", "update"):
            if record[name] and name not in wrapped:
                wrapped[name] = forgetful(int(record[name]), records.places)
                record[name] = ctypes.cast(wrapped[name], ctypes.c_void_p).value
        return run(kernel, records, 1, asked)

    monkeypatch.setattr(loop, "make_steps", lambda *arguments: kept.append(make_steps(*arguments)) or kept[-1])
    monkeypatch.setattr(team, "run", run_forgetfully)
    other = fs.train(X, Y, shape[1], **common)
    assert {"begin", "accumulate", "update"} <= set(wrapped) or {"begin", "stage", "update"} <= set(wrapped)
    assert np.array_equal(other.history.cost, one.history.cost)
    assert all(map(np.array_equal, other.parameters, one.parameters))


def test_nor_does_the_step_at_which_training_diverges():
    X, Y, _ = make_case(30, 40, 2, 3_000, output="identity")
    texts = set()
    for threads in (1, 2, 3):
        with pytest.raises(fs.DivergenceError) as caught:
            formulas = {"hidden": "relu", "output": "identity", "learning_rate": 2.0, "scale": 1.0}
            fs.train(X, Y, 40, **formulas, epochs=10**6, seed=1, threads=threads)
        texts.add(str(caught.value))
        for worker in team._workers.idle:  # all have stopped
            back = threading.Event()
            worker.tasks.put((back.set, (), None))
            assert back.wait(20)
    assert len(texts) == 1


def test_a_thread_that_comes_too_late_is_left_out():
    """Nobody waits for it, it keeps no data, and what it was to do it does not do with the next call's."""
    case, other = make_case(30, 40, 2, 3_000), make_case(30, 40, 2, 3_000, seed=1)
    right = [fs.cost_and_gradients(*each, threads=1) for each in (case, other)]
    busy, free = threading.Event(), threading.Event()
    (worker,) = team._workers.borrow(1, None)
    worker.tasks.put((lambda: busy.set() or free.wait(60), (), None))
    assert busy.wait(20)
    team._workers.give_back([worker])
    assert team._workers.idle[-1] is worker
    assert same(fs.cost_and_gradients(*case, threads=2), right[0])
    assert worker.tasks.empty() and team._workers.idle[-1] is worker
    free.set()
    assert same(fs.cost_and_gradients(*other, threads=2), right[1])


def make_call(X, Y, p):
    """A call on three threads whose record is filled, and where its gradients will be."""
    call = fused.make_call(X.shape, p.W2.shape, X.dtype, activation("tanh"), output_layer("sigmoid"), "train", 3, False)
    gradients = [np.empty_like(array) for array in p]
    assert call.run(X, Y, *p, *gradients, None) == 1
    return call, gradients


def counters(call):
    return [int(call.records.run[0][name]) for name in ("call", "taken", "done")]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_thread_of_an_earlier_call_does_nothing(shape, monkeypatch):
    X, Y, p = make_case(*shape)
    right = fs.cost_and_gradients(X, Y, p, threads=1)
    call, gradients = make_call(X, Y, p)
    records, kernel = call.records, native.KERNEL(call.kernel)
    team.run(call.kernel, records, 2, True)
    number, taken, done = counters(call)
    late = number - 1
    assert late % 2 == 1 and taken == done > 0
    stale = records.run_address, records.place_addresses[1], 1, late, 0, 0

    def again(*arguments):  # a thread of the first call begins before and within the second, and after it
        if arguments[2] == 0:
            kernel(*stale)
            threading.Thread(target=kernel, args=stale).start()
        return kernel(*arguments)

    monkeypatch.setattr(team, "KERNEL", lambda address: again)
    for _ in range(20):
        for array in gradients:
            array.fill(7.0)
        assert same((team.run(call.kernel, records, 2, True), gradients), right)
        before = counters(call)
        kernel(*stale)
        assert counters(call) == before


def test_a_thread_may_join_a_call_that_is_under_way(monkeypatch):
    X, Y, p = make_case(600, 600, 3, 6)
    took_part = []

    def late_kernel(address):
        kernel = native.KERNEL(address)

        def late(*arguments):
            rank = arguments[2]
            time.sleep(0.02 * rank)
            start = time.perf_counter()
            cost = kernel(*arguments)
            took_part.append((rank, time.perf_counter() - start))
            return cost

        return late

    options = {"parameters": p, "epochs": 1500, "learning_rate": 1e-3, "optimizer": "adam"}
    one = fs.train(X, Y, threads=1, **options)
    monkeypatch.setattr(team, "KERNEL", late_kernel)
    other = fs.train(X, Y, threads=3, **options)
    assert np.array_equal(other.history.cost, one.history.cost)
    assert all(map(np.array_equal, other.parameters, one.parameters))
    assert any(rank > 0 and seconds > 0.01 for rank, seconds in took_part)


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


@pytest.mark.parametrize("name", ["FASTSHALLOW_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS"])
def test_the_environment_limits_them(monkeypatch, name):
    for other in cores.LIMITS:
        monkeypatch.delenv(other, raising=False)
    count = team.processors()
    for one in ("1", " 1", "1 ", "1,1", "1 , 4", "0"):
        monkeypatch.setenv(name, one)
        assert team.processors() == 1
    for unreadable in ("", " ", ",1", "-1", "1.5", "\u00b2", "\u0661"):  # a superscript, an Arabic digit
        monkeypatch.setenv(name, unreadable)
        assert team.processors() == count
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


def test_who_gives_up_leaves_nobody_waiting(monkeypatch):
    """A caller that is interrupted before it can join its threads frees them, and they have done nothing."""
    case = make_case(9, 11, 2, 9_000)
    right = fs.cost_and_gradients(*case, threads=2)
    call, gradients = make_call(*case)
    kernel, here, left = native.KERNEL(call.kernel), threading.get_ident(), threading.Event()

    def interrupted(*arguments):
        if threading.get_ident() == here:
            time.sleep(0.05)  # the other thread waits for this one
            raise KeyboardInterrupt
        kernel(*arguments)
        left.set()

    with monkeypatch.context() as patch:
        patch.setattr(team, "KERNEL", lambda address: interrupted)
        for _ in range(3):
            left.clear()
            with pytest.raises(KeyboardInterrupt):
                team.run(call.kernel, call.records, 2, True)
            assert left.wait(60) and team._workers.running == 0
            assert counters(call)[1:] == [0, 0]
    assert same((team.run(call.kernel, call.records, 2, True), gradients), right)


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
