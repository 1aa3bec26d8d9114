"""The planar flower is the published one, point for point."""

import numpy as np
import pytest

import fastshallow as fs


def published_flower(m, seed):
    """The course's own recipe, with its global generator: an example a row until the very end."""
    np.random.seed(seed)
    half = m // 2
    X, Y = np.zeros((m, 2)), np.zeros((m, 1))
    for j in range(2):
        rows = range(half * j, half * (j + 1))
        t = np.linspace(j * 3.12, (j + 1) * 3.12, half) + np.random.randn(half) * 0.2
        r = 4 * np.sin(4 * t) + np.random.randn(half) * 0.2
        X[rows] = np.c_[r * np.sin(t), r * np.cos(t)]
        Y[rows] = j
    return X.T, Y.T


@pytest.mark.parametrize(("m", "seed"), [(400, 1), (2, 0), (10, 7)])
def test_is_the_published_one(m, seed):
    state = np.random.get_state()
    X, Y = fs.datasets.planar_flower(m=m, seed=seed)
    np.testing.assert_equal(np.random.get_state()[1], state[1])  # the global generator is left alone
    expected = published_flower(m, seed)
    np.testing.assert_array_equal(X, expected[0])
    np.testing.assert_array_equal(Y, expected[1])
    assert X.dtype == Y.dtype == np.float64
    assert (X.shape, Y.shape) == ((2, m), (1, m))


def test_first_points_and_cost():
    X, Y = fs.datasets.planar_flower()
    np.testing.assert_allclose(X[:, :2], [[1.20444229, 0.1587099], [3.57611415, -1.4821709]], atol=1e-8)
    np.random.seed(2)
    W1, W2 = np.random.randn(4, 2) * 0.01, np.random.randn(1, 4) * 0.01
    A2 = 1 / (1 + np.exp(-W2 @ np.tanh(W1 @ X)))
    assert np.mean(-Y * np.log(A2) - (1 - Y) * np.log(1 - A2)) == pytest.approx(0.693048, abs=1e-6)


def test_labels_are_balanced_and_the_default_arguments_are_the_published_ones():
    X, Y = fs.datasets.planar_flower()
    assert Y.sum() == 200
    np.testing.assert_array_equal(X, fs.datasets.planar_flower(m=400, seed=1)[0])


@pytest.mark.parametrize("m", [0, -2, 1, 401])
def test_odd_or_empty_is_refused(m):
    with pytest.raises(ValueError, match=f"even number, 2 or more.* not {m}"):
        fs.datasets.planar_flower(m=m)


@pytest.mark.parametrize("m", [4.0, "400", None])
def test_something_else_than_a_whole_number_is_refused(m):
    with pytest.raises(TypeError, match="whole number"):
        fs.datasets.planar_flower(m=m)
