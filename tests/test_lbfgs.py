"""L-BFGS: known minima, the dense BFGS update, the Wolfe conditions, invariance, exact resumption, and SciPy."""

import io
import math
import sys
from itertools import pairwise

import numpy as np
import pytest

import fastshallow as fs
from fastshallow.training import lbfgs
from fastshallow.training.lbfgs import (
    CURVATURE,
    DECREASE,
    LBFGS,
    Minimizer,
    Pair,
    Trial,
    cubic_minimum,
    inverse_hessian_product,
    line_search,
)

EXACT = LBFGS(gradient_tolerance=0.0, cost_tolerance=0.0)  # only rounding ends it


def quadratic(n, condition=100.0, seed=0):
    """1/2 (w - c)'A(w - c) with eigenvalues from 1 to `condition`, and c."""
    random = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(random.standard_normal((n, n)))
    A, c = axes * np.geomspace(1.0, condition, n) @ axes.T, random.standard_normal(n)
    return lambda w: (0.5 * (w - c) @ A @ (w - c), A @ (w - c)), c


def rosenbrock(w):
    """The sum of 100 (w[i+1] - w[i]^2)^2 + (1 - w[i])^2, least at ones."""
    bend, away = w[1:] - w[:-1] ** 2, 1.0 - w[:-1]
    gradient = np.zeros_like(w)
    gradient[1:] += 200.0 * bend
    gradient[:-1] -= 400.0 * bend * w[:-1] + 2.0 * away
    return 100.0 * bend @ bend + away @ away, gradient


def flower(seed, l2=0.1, dtype="float64"):
    """The cost of a 2-4-1 network on the planar flower as a function of its flat parameters, and where they begin."""
    X, Y = (each.astype(dtype) for each in fs.datasets.planar_flower())
    p = fs.initialize_parameters(2, 4, 1, "xavier", seed, dtype)
    ends = np.cumsum([each.size for each in p])[:-1]
    decay = np.concatenate([np.full(each.size, l2 / X.shape[1] * (i % 2 == 0)) for i, each in enumerate(p)])

    def evaluate(w):
        parts = [part.reshape(each.shape).astype(dtype) for part, each in zip(np.split(w, ends), p, strict=True)]
        cost, gradients = fs.cost_and_gradients(X, Y, fs.Parameters(*parts), backend="numpy")
        return cost + 0.5 * w @ (decay * w), np.concatenate([each.ravel() for each in gradients]) + decay * w

    return evaluate, np.concatenate([each.ravel() for each in p])


def path(minimizer, most=10_000):
    """Points, costs and gradients, before the first step and after each."""
    points = [(minimizer.w, minimizer.cost, minimizer.gradient)]
    while minimizer.iterations < most and minimizer.step():
        points.append((minimizer.w, minimizer.cost, minimizer.gradient))
    return points


@pytest.mark.parametrize("n", [1, 2, 10, 50])
def test_a_quadratic_in_few_steps(n):
    evaluate, c = quadratic(n)
    minimizer = Minimizer(evaluate, np.zeros(n), LBFGS(gradient_tolerance=1e-8, cost_tolerance=0.0))
    path(minimizer)
    assert minimizer.reason.startswith("converged") and "gradient_tolerance" in minimizer.reason
    assert minimizer.evaluations <= 120  # conjugate gradients take about sqrt(condition) / 2 * log(2 / 1e-8) steps
    np.testing.assert_allclose(minimizer.w, c, atol=1e-8)


@pytest.mark.parametrize("n", [2, 20])
@pytest.mark.parametrize("history_size", [1, 3, 10])
def test_rosenbrock(n, history_size):
    start = np.where(np.arange(n) % 2, 1.0, -1.2)
    minimizer = Minimizer(rosenbrock, start, LBFGS(history_size, gradient_tolerance=1e-9, cost_tolerance=0.0))
    path(minimizer)
    np.testing.assert_allclose(minimizer.w, 1.0, atol=1e-10)
    assert minimizer.evaluations <= (200 if n == 2 else 600)


def test_the_two_loops_are_the_dense_inverse_update():
    """NW, 6.17: H := (I - rho s y') H (I - rho y s') + rho s s'."""
    random = np.random.default_rng(3)
    n, identity = 7, np.eye(7)
    gradient, pairs = random.standard_normal(n), ()
    np.testing.assert_array_equal(inverse_hessian_product(gradient, pairs), gradient)
    for _ in range(5):
        s = random.standard_normal(n)
        y = s * random.uniform(0.5, 2.0, n)
        pairs = (*pairs, Pair(s, y, 1.0 / (s @ y)))
        H = (s @ y) / (y @ y) * identity
        for each in pairs:
            left = identity - each.rho * np.outer(each.s, each.y)
            H = left @ H @ left.T + each.rho * np.outer(each.s, each.s)
        np.testing.assert_allclose(inverse_hessian_product(gradient, pairs), H @ gradient, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(inverse_hessian_product(y, pairs), s, rtol=1e-12, atol=1e-12)  # the secant equation


@pytest.mark.parametrize("case", ["rosenbrock", "quadratic", "flower 0", "flower 1", "flower 2"])
def test_the_strong_wolfe_conditions_hold_at_each_step(case):
    evaluate, start = rosenbrock, np.tile([-1.2, 1.0], 10)
    if case == "quadratic":
        evaluate, start = quadratic(20)[0], np.zeros(20)
    elif case.startswith("flower"):
        evaluate, start = flower(int(case[-1]))
    points = path(Minimizer(evaluate, start, LBFGS(gradient_tolerance=1e-4, cost_tolerance=0.0)))
    assert len(points) > 20
    for (w, cost, gradient), (new_w, new_cost, new_gradient) in pairwise(points):
        slope, new_slope = gradient @ (new_w - w), new_gradient @ (new_w - w)  # times the step, both
        assert slope < 0.0
        assert new_cost <= cost + DECREASE * slope * (1.0 - 1e-12)
        assert abs(new_slope) <= CURVATURE * abs(slope) * (1.0 + 1e-9)


def more_thuente_1(a):
    return -a / (a * a + 2.0), (a * a - 2.0) / (a * a + 2.0) ** 2


def more_thuente_2(a):
    b = a + 0.004
    return b**5 - 2.0 * b**4, 5.0 * b**4 - 8.0 * b**3


def more_thuente_3(a):
    """A kink of width 0.02 at 1, with waves."""
    k, beta = 39.0 * math.pi / 2.0, 0.01
    if a <= 1.0 - beta:
        kink, slope = 1.0 - a, -1.0
    elif a >= 1.0 + beta:
        kink, slope = a - 1.0, 1.0
    else:
        kink, slope = (a - 1.0) ** 2 / (2.0 * beta) + beta / 2.0, (a - 1.0) / beta
    return kink + 2.0 * (1.0 - beta) / (39.0 * math.pi) * math.sin(k * a), slope + (1.0 - beta) * math.cos(k * a)


@pytest.mark.parametrize("phi", [more_thuente_1, more_thuente_2, more_thuente_3])
@pytest.mark.parametrize("first", [1e-3, 1e-1, 1e1, 1e3])
def test_the_line_search_on_hard_functions(phi, first):
    """Functions 1 to 3 of Moré and Thuente 1994, first trials far too short and far too long."""
    count = 0

    def at(step):
        nonlocal count
        count += 1
        return Trial(step, *phi(step), np.empty(0))

    start = at(0.0)
    found = line_search(at, start, first, 25)
    assert found.cost <= start.cost + DECREASE * found.step * start.slope
    assert abs(found.slope) <= -CURVATURE * start.slope
    assert count <= 16


def test_the_minimum_of_a_cubic():
    def trial(x):
        return Trial(x, x**3 - 3.0 * x + 5.0, 3.0 * x * x - 3.0, np.empty(0))  # least at 1

    for a, b in [(0.0, 3.0), (3.0, 0.0), (0.2, 0.4), (-0.9, 0.9), (2.0, 5.0)]:
        assert cubic_minimum(trial(a), trial(b)) == pytest.approx(1.0)
    falling = [Trial(x, -x, -1.0, np.empty(0)) for x in (0.0, 1.0)]
    assert math.isnan(cubic_minimum(*falling))


def test_a_rotation_changes_nothing_but_rounding():
    """The gradient at the start is small, so that its 1-norm, which a rotation changes, does not set the first step."""
    n = 8
    rotation, _ = np.linalg.qr(np.random.default_rng(5).standard_normal((n, n)))
    start = np.linspace(0.8, 1.3, n)

    def small(w):
        cost, gradient = rosenbrock(w)
        return 1e-4 * cost, 1e-4 * gradient

    def rotated(v):
        cost, gradient = small(rotation.T @ v)
        return cost, rotation @ gradient

    assert max(np.abs(small(start)[1]).sum(), np.abs(rotated(rotation @ start)[1]).sum()) < 1.0
    one = path(Minimizer(small, start, EXACT), 25)
    other = path(Minimizer(rotated, rotation @ start, EXACT), 25)
    for (w, cost, _), (v, rotated_cost, _) in zip(one, other, strict=True):
        np.testing.assert_allclose(rotation @ w, v, atol=1e-9)
        assert cost == pytest.approx(rotated_cost, rel=1e-7, abs=1e-18)
    assert one[-1][1] < 0.1 * one[0][1]


def same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert value.dtype == other[name].dtype, name
        np.testing.assert_array_equal(value, other[name], err_msg=name)


@pytest.mark.parametrize("stop", [0, 1, 2, 9, 10, 11, 37, 10_000])
@pytest.mark.parametrize("case", ["flower", "rosenbrock"])
def test_going_on_gives_the_same_bits(case, stop):
    evaluate, start = flower(1) if case == "flower" else (rosenbrock, np.tile([-1.2, 1.0], 10))
    settings = LBFGS(gradient_tolerance=1e-6, cost_tolerance=0.0)
    whole, first = (Minimizer(evaluate, start, settings) for _ in range(2))
    end = path(whole)
    path(first, stop)
    kept = first.state()
    file = io.BytesIO()
    np.savez(file, **kept)
    path(first, stop + 3)  # what goes on after the state was taken does not change it
    file.seek(0)
    with np.load(file) as state:
        second = Minimizer.resumed(evaluate, dict(state), settings)
    same(second.state(), kept)
    points = path(second)
    assert len(points) == max(1, len(end) - stop) and len(end) > 40
    for one, other in zip(points, end[-len(points) :], strict=True):
        assert all(map(np.array_equal, one, other))
    same(second.state(), whole.state())
    assert second.reason == whole.reason and not second.step()


def test_a_wrong_state_is_seen():
    """What the test above relies on: without its pairs, or with one bit changed, it goes on another way."""
    evaluate, start = flower(1)
    whole = Minimizer(evaluate, start, EXACT)
    path(whole, 12)
    state = whole.state()
    path(whole, 20)
    for name, value in ("s", np.nextafter(state["s"], 9.0)), ("rho", state["rho"] * 1.001), ("w", state["w"] + 1e-9):
        other = Minimizer.resumed(evaluate, {**state, name: value}, EXACT)
        path(other, 20)
        assert not np.array_equal(other.w, whole.w), name


@pytest.mark.parametrize("settings", [LBFGS(history_size=3), LBFGS(3, cost_tolerance=1e9), LBFGS(3, evaluations=1)])
def test_an_interrupt_leaves_the_state_before_or_after_the_step(settings):
    """Ctrl-C at each line of a step in turn; the step may be the last one, or end without one."""
    start = Minimizer(rosenbrock, [-1.2, 1.0], EXACT)
    path(start, 12)

    def outcome(at):
        """The state, without the count of evaluations, after a step with an interrupt at line `at`; was there one?"""
        minimizer, lines = Minimizer.resumed(rosenbrock, start.state(), settings), 0

        def trace(frame, event, _):
            nonlocal lines
            lines += event == "line" and frame.f_code.co_filename == lbfgs.__file__
            if lines == at:
                raise KeyboardInterrupt
            return trace

        tracing = sys.gettrace()
        try:
            sys.settrace(trace)
            minimizer.step()
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(tracing)
        state = minimizer.state()
        state.pop("evaluations")
        return {name: (value.shape, value.tobytes()) for name, value in state.items()}, lines == at

    before, after = outcome(1)[0], outcome(-1)[0]
    assert before != after
    at, more = 1, True
    while more:
        state, more = outcome(at)
        assert state in (before, after), at
        at += 1
    assert at > 40


def test_the_newest_pairs_are_kept():
    minimizer = Minimizer(rosenbrock, [-1.2, 1.0], LBFGS(history_size=3))
    points = path(minimizer, 8)
    assert len(minimizer.pairs) == 3
    for pair, one, other in zip(minimizer.pairs, points[-4:-1], points[-3:], strict=True):
        np.testing.assert_array_equal(pair.s, other[0] - one[0])
        np.testing.assert_array_equal(pair.y, other[2] - one[2])
        assert pair.rho == 1.0 / (pair.s @ pair.y) > 0.0


def test_a_step_of_negative_curvature_is_not_kept():
    """One evaluation: a step on the concave side of a Gaussian well lowers the cost, and the slope grows on it."""
    seen = []

    def well(w):
        value = math.exp(-0.5 * float(w @ w))
        return -value, value * w

    start = np.array([3.0, 1.0])
    minimizer = Minimizer(well, start, LBFGS(evaluations=1, gradient_tolerance=1e-6, cost_tolerance=0.0))
    while minimizer.step():
        seen.append(len(minimizer.pairs))
        assert all(pair.s @ pair.y > 0.0 for pair in minimizer.pairs)
    assert seen[0] == 0 < max(seen)
    np.testing.assert_allclose(minimizer.w, 0.0, atol=1e-5)


def test_useless_pairs_are_forgotten():
    """Pairs that promise far too long steps, and two evaluations: the gradient alone gives the direction."""
    settings = LBFGS(evaluations=2)
    evaluate, start = flower(1)
    minimizer = Minimizer(evaluate, start, EXACT)
    path(minimizer, 6)
    state = minimizer.state()
    wrong = {**state, "s": state["s"] * 1e9, "rho": state["rho"] / 1e9}
    minimizer = Minimizer.resumed(evaluate, wrong, settings)
    gradient = minimizer.gradient
    with np.errstate(all="ignore"):
        assert minimizer.step()
    assert minimizer.cost < state["cost"] and len(minimizer.pairs) <= 1
    step = minimizer.w - state["w"]
    assert step @ gradient == pytest.approx(-np.linalg.norm(step) * np.linalg.norm(gradient))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", ["cost", "gradient"])
def test_a_step_to_where_the_cost_is_not_finite_is_too_long(bad, where):
    """sum of w - log w is least at ones; for w <= 0 there is no cost, or no gradient."""

    def barrier(w):
        if (w > 0.0).all():
            return float((w - np.log(w)).sum()), 1.0 - 1.0 / w
        beyond.append(w)
        return (bad, np.ones_like(w)) if where == "cost" else (-1e9, np.where(w > 0.0, 1.0, bad))

    for start in [0.011, 0.3], [400.0, 1000.0], [5.0, 1e-3]:
        beyond = []
        minimizer = Minimizer(barrier, start, LBFGS(gradient_tolerance=1e-8, cost_tolerance=0.0))
        path(minimizer)
        np.testing.assert_allclose(minimizer.w, 1.0, atol=1e-7)
    assert beyond


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_no_step_from_where_the_cost_is_not_finite(bad):
    for cost, gradient in (bad, [1.0, 1.0]), (1.0, [1.0, bad]):
        minimizer = Minimizer(lambda w, c=cost, g=gradient: (c, g), [0.0, 0.0], LBFGS())
        assert not minimizer.step() and "at the starting point" in minimizer.reason
        assert minimizer.evaluations == 1 and not math.isfinite(minimizer.cost)


def test_the_start_may_be_the_minimum():
    evaluate, c = quadratic(5)
    for settings in LBFGS(), EXACT:
        minimizer = Minimizer(evaluate, c, settings)
        assert not minimizer.step() and minimizer.reason.startswith("converged")
        assert minimizer.evaluations == 1 and minimizer.iterations == 0
        np.testing.assert_array_equal(minimizer.w, c)


def test_a_constant_function():
    minimizer = Minimizer(lambda w: (3.0, np.zeros(4)), np.ones(4), EXACT)
    assert not minimizer.step() and minimizer.reason.startswith("converged")
    lying = Minimizer(lambda w: (3.0, np.ones(4)), np.ones(4), EXACT)  # its gradient promises what it does not keep
    assert not lying.step() and lying.reason.startswith("no further decrease")
    assert lying.iterations == 0 and lying.evaluations <= 1 + EXACT.evaluations
    np.testing.assert_array_equal(lying.w, 1.0)


def test_a_cost_without_a_minimum():
    """-w falls for ever: each line search ends, with a long step, until a step of 1 is lost in rounding."""
    minimizer = Minimizer(lambda w: (-float(w[0]), [-1.0]), [0.0], LBFGS())
    assert minimizer.step() and minimizer.cost < -1e14 and minimizer.evaluations <= 26
    path(minimizer)
    assert minimizer.reason.startswith("no further decrease") and minimizer.iterations < 50


def test_a_line_search_of_very_many_evaluations():
    for f in (lambda w: -float(w[0])), (lambda w: float(np.sign(-w[0]))):
        minimizer = Minimizer(lambda w, f=f: (f(w), [-1.0]), [0.0], LBFGS(evaluations=2000))
        assert minimizer.step() and math.isfinite(minimizer.cost)


def test_no_line_search_along_what_is_no_descent():
    def at(step):
        raise AssertionError("nothing is to be evaluated")

    for slope in 0.0, 1.0, math.nan, math.inf, -math.inf:
        start = Trial(0.0, 1.0, slope, np.empty(0))
        assert line_search(at, start, 1.0, 25) is start
    huge = Minimizer(lambda w: (0.0, [1e308, 1e308]), [0.0, 0.0], LBFGS())  # the slope, and the 1-norm, are infinite
    assert not huge.step() and huge.reason.startswith("no further decrease") and huge.evaluations == 1


def test_the_first_trials():
    """min(1, 1 / |g|_1) times the gradient at first, since no pair tells how long a step may be; then a step of 1."""
    for scale, first in (1e-3, 1.0), (50.0, 1.0 / (50.0 * 0.8)):
        points = []

        def evaluate(w, scale=scale, points=points):
            points.append(w)
            return 0.5 * scale * (w @ w), scale * w

        start = np.array([0.5, -0.3])
        minimizer = Minimizer(evaluate, start, EXACT)
        minimizer.step()
        np.testing.assert_allclose(points[1], start - first * scale * start, rtol=1e-12)
    known = Minimizer(rosenbrock, [-1.2, 1.0], EXACT)
    path(known, 5)
    points = []
    Minimizer.resumed(lambda w: (points.append(w), rosenbrock(w))[1], known.state(), EXACT).step()
    np.testing.assert_array_equal(points[0], known.w - inverse_hessian_product(known.gradient, known.pairs))


@pytest.mark.parametrize(
    ("costs", "tolerance", "ends"),
    [
        ((1e-3, 0.5e-3), 1e-3, True),  # a cost below 1 counts as 1
        ((1e-3, 0.5e-3), 1e-4, False),
        ((1e6, 1e6 - 10.0), 1.1e-5, True),
        ((1e6, 1e6 - 10.0), 0.9e-5, False),
        ((-1e6, -1e6 - 10.0), 1.1e-5, True),
        ((-1e6, -1e6 - 10.0), 0.9e-5, False),
    ],
)
def test_the_cost_tolerance_is_relative(costs, tolerance, ends):
    answers = zip(costs, ([1e-3], [0.5e-3]), strict=True)
    minimizer = Minimizer(lambda w: next(answers), [0.0], LBFGS(gradient_tolerance=0.0, cost_tolerance=tolerance))
    assert minimizer.step() and minimizer.cost == costs[1]
    if ends:
        assert minimizer.reason.startswith("converged: the relative decrease")
    else:
        assert minimizer.reason is None


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("noise", ["float32", "waves"])
def test_a_cost_that_ends_in_rounding_noise(noise, seed):
    """Down to the noise it costs nothing. There, how many line searches win is chance, but each of them ends."""
    true, _ = quadratic(6, seed=seed)

    def noisy(w):
        cost, gradient = true(w)
        if noise == "float32":
            return float(np.float32(10.0 + cost)), gradient.astype(np.float32)
        return 10.0 + cost + 1e-7 * math.sin(1e9 * float(w.sum())), gradient

    minimizer, costs, counts, near = Minimizer(noisy, np.zeros(6), EXACT), [math.inf], [0], math.inf
    while minimizer.reason is None:
        costs.append(minimizer.cost)
        counts.append(minimizer.evaluations)
        if true(minimizer.w)[0] < 1e-5:
            near = min(near, minimizer.evaluations)
        minimizer.step()
    assert minimizer.reason.startswith("no further decrease") and not minimizer.step()
    assert all(after < before for before, after in pairwise(costs))
    most = 2 * EXACT.evaluations  # along the direction, then along the gradient
    assert all(after - before <= most for before, after in pairwise([*counts, minimizer.evaluations]))
    assert true(minimizer.w)[0] < 1e-5 and near < 50
    default = Minimizer(noisy, np.zeros(6), LBFGS(cost_tolerance=1e-6))
    path(default)
    assert default.reason.startswith(("converged: the relative decrease", "no further decrease"))
    assert default.evaluations < near + 2 * most


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_state_is_float64_and_its_own(dtype):
    evaluate, c = quadratic(12)
    start, buffer = np.zeros(12, dtype), np.empty(12, dtype)  # one array for all gradients

    def reusing(w):
        cost, buffer[:] = evaluate(w)
        return cost, buffer

    settings = LBFGS(gradient_tolerance=1e-4, cost_tolerance=0.0)
    minimizer = Minimizer(reusing, start, settings)
    right = path(Minimizer(lambda w: (evaluate(w)[0], evaluate(w)[1].astype(dtype)), start, settings))
    start[:] = 7.0
    minimizer.state()["w"][:] = minimizer.state()["gradient"][:] = 7.0
    for one, other in zip(path(minimizer), right, strict=True):
        assert all(map(np.array_equal, one, other))
    np.testing.assert_allclose(minimizer.w, c, atol=1e-3)
    assert {each.dtype for each in (minimizer.w, minimizer.gradient)} == {np.dtype(np.float64)}


def test_a_network_in_float32():
    evaluate, start = flower(1, dtype="float32")
    minimizer = Minimizer(evaluate, start, LBFGS())
    path(minimizer, 500)
    precise = Minimizer(flower(1)[0], start, LBFGS())
    path(precise, 500)
    assert minimizer.cost == pytest.approx(precise.cost, rel=1e-3)


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_as_good_as_scipy_on_a_network(seed):
    optimize = pytest.importorskip("scipy.optimize")
    evaluate, start = flower(seed)
    theirs = optimize.minimize(
        evaluate, start, jac=True, method="L-BFGS-B", options={"maxiter": 100, "maxcor": 10, "ftol": 0.0, "gtol": 1e-9}
    )
    minimizer = Minimizer(evaluate, start, LBFGS(gradient_tolerance=1e-9, cost_tolerance=0.0))
    path(minimizer, theirs.nit)
    assert minimizer.cost <= theirs.fun * (1.0 + 1e-3)
    assert minimizer.evaluations <= 1.3 * theirs.nfev


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"history_size": 0}, ValueError, "history_size must be 1 or more, not 0"),
        ({"history_size": 2.0}, TypeError, "history_size must be an integer, not 2.0"),
        ({"evaluations": 0}, ValueError, "evaluations must be 1 or more, not 0"),
        ({"evaluations": True}, TypeError, "evaluations must be an integer, not True"),
        ({"gradient_tolerance": -1e-9}, ValueError, "gradient_tolerance must be finite and not negative, not -1e-09"),
        ({"gradient_tolerance": "1"}, TypeError, "gradient_tolerance must be a number, not '1'"),
        ({"cost_tolerance": math.inf}, ValueError, "cost_tolerance must be finite and not negative, not inf"),
        ({"cost_tolerance": math.nan}, ValueError, "cost_tolerance must be finite and not negative, not nan"),
        ({"cost_tolerance": True}, TypeError, "cost_tolerance must be a number, not True"),
    ],
)
def test_wrong_hyperparameters(wrong, error, message):
    with pytest.raises(error) as caught:
        LBFGS(**wrong)
    assert str(caught.value) == message


def test_hyperparameters():
    settings = LBFGS(np.int64(5), np.float32(0.5), 0, 7)
    assert settings == LBFGS(5, 0.5, 0.0, 7) and settings.name == "lbfgs"
    assert [type(getattr(settings, each)) for each in ("history_size", "gradient_tolerance")] == [int, float]


@pytest.mark.parametrize("every", [1, 7])
def test_a_flat_start_has_a_cost(every):
    X, Y, p = np.ones((1, 2)), np.array([[-0.5, 0.5]]), fs.Parameters(*np.zeros((4, 1, 1)))
    settings = fs.LBFGS(gradient_tolerance=0.0, cost_tolerance=0.0)
    options = {"parameters": p, "output": "identity", "optimizer": settings, "cost_every": every, "backend": "numpy"}
    history = fs.train(X, Y, epochs=50, **options).history
    assert history.cost.tolist() == [0.125] and history.epoch.tolist() == [0] and history.stopped == "converged"
