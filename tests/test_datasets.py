"""The planar flower is the published one, point for point, and the other sets are scikit-learn's."""

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


@pytest.mark.parametrize("m", [7, 200])
@pytest.mark.parametrize("seed", [1, 5])
def test_other_sets_are_those_of_scikit_learn(m, seed):
    generators = pytest.importorskip("sklearn.datasets")
    quantiles = generators.make_gaussian_quantiles
    make, common = fs.datasets, {"n_samples": m, "random_state": seed}
    for ours, (X, y) in (
        (make.noisy_circles(m, seed=seed), generators.make_circles(factor=0.5, noise=0.3, **common)),
        (make.noisy_moons(m, noise=0.1, seed=seed), generators.make_moons(noise=0.1, **common)),
        (make.blobs(m, seed=seed, classes=6), generators.make_blobs(centers=6, **common)),
        (
            make.gaussian_quantiles(m, seed, classes=3),
            quantiles(cov=0.5, n_classes=3, **common),
        ),
    ):
        np.testing.assert_allclose(ours[0], X.T, rtol=1e-14, atol=1e-14)
        np.testing.assert_array_equal(ours[1], [y])
        assert ours[0].dtype == ours[1].dtype == np.float64


def test_blobs_have_two_labels_as_in_the_course():
    X, Y = fs.datasets.blobs()
    np.testing.assert_array_equal(Y, fs.datasets.blobs(classes=6)[1] % 2)
    assert X.shape == (2, 200) and set(Y[0]) == {0.0, 1.0}


def test_what_the_sets_look_like():
    X, Y = fs.datasets.noisy_circles(noise=0.0)
    np.testing.assert_allclose(np.hypot(*X), 1.0 - 0.5 * Y[0])
    X, Y = fs.datasets.noisy_moons(noise=0.0)
    np.testing.assert_allclose(np.hypot(X[0] - Y[0], X[1] - 0.5 * Y[0]), 1.0)
    X, Y = fs.datasets.gaussian_quantiles(m=90, classes=3)
    r = np.hypot(*X)
    assert max(r[Y[0] == 0]) < min(r[Y[0] == 1]) and max(r[Y[0] == 1]) < min(r[Y[0] == 2])


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        ("noisy_circles", {"m": 1}, "m must be 2 or more, not 1"),
        ("noisy_moons", {"noise": -0.1}, "noise must be a number, 0 or more, not -0.1"),
        ("noisy_circles", {"noise": "much"}, "noise must be a number, 0 or more, not 'much'"),
        ("blobs", {"m": 5}, "m must be 6 or more, not 5"),
        ("blobs", {"centers": 0}, "centers must be 1 or more, not 0"),
        ("blobs", {"noise": np.nan}, "noise must be a number, 0 or more, not nan"),
        ("gaussian_quantiles", {"m": 2, "classes": 3}, "m must be 3 or more, not 2"),
    ],
)
def test_bad_arguments_of_the_other_sets(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        getattr(fs.datasets, make)(**arguments)
