"""Pictures show what they say: each is read back from the axes that it was drawn on."""

import subprocess
import sys

import numpy as np
import pytest

import fastshallow as fs
from fastshallow.data import Features
from fastshallow.formulas import ACTIVATIONS, OUTPUTS
from fastshallow.training import History, Network, Target

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")
plot = fs.plot


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def network(W1, b1, W2, b2, output="sigmoid", **more):
    p = fs.Parameters(*(np.array(each, float) for each in (W1, np.c_[b1], W2, np.c_[b2])))
    return Network(p, ACTIVATIONS["identity"], OUTPUTS[output], **more)


def halves(**more):
    """Class 1 where x[0] > 1."""
    return network([[1, 0]], [-1], [[5]], [0], **more)


X = np.array([[0.0, 0.5, 1.5, 2.0, 2.0], [0.0, 4.0, 1.0, 2.0, 3.0]])
Y = np.array([[0.0, 0.0, 1.0, 1.0, 0.0]])


def grey(colour):
    return float(np.asarray(colour)[..., :3] @ [0.299, 0.587, 0.114])


def test_regions_are_where_the_network_predicts_them():
    display = plot.decision_boundary(halves(), X, Y)
    image, (left, right, low, high) = display.surface_.get_array(), display.surface_.get_extent()
    assert left < 0 and right > 2 and low < 0 and high > 4
    columns = np.linspace(left, right, image.shape[1])
    dark = image @ [0.299, 0.587, 0.114] < image.max() * 0.9
    np.testing.assert_array_equal(dark, np.broadcast_to(columns <= 1, dark.shape))
    assert display.ax_.figure is display.figure_ and display.ax_.get_xlabel() == "x[0]"
    np.testing.assert_array_equal(display.points_[0].get_offsets(), X[:, Y[0] == 0].T)
    np.testing.assert_array_equal(display.points_[1].get_offsets(), X[:, Y[0] == 1].T)


@pytest.mark.parametrize("classes", [3, 10])
def test_classes_differ_by_marker_and_lightness(classes):
    random = np.random.default_rng(0)
    points, labels = random.normal(size=(2, 60)), np.arange(60) % classes
    p = random.normal(size=(4, 2)), np.zeros(4), random.normal(size=(classes, 4)), np.zeros(classes)
    display = plot.decision_boundary(network(*p, output="softmax"), points, fs.one_hot(labels)[0])
    markers = {each.get_paths()[0].vertices.tobytes() for each in display.points_}
    light = [grey(each.get_facecolor()[0]) for each in display.points_]
    assert len(markers) == classes
    assert min(np.diff(light)) > 0.6 / classes
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == list(map(str, range(classes)))


def test_names_and_units_of_what_a_network_knows():
    features = Features(("price_$", "_x"), np.array([[1.0], [2.0]]), np.array([[2.0], [3.0]]))
    target = Target("kind", ("$a$", "_b"))
    display = plot.decision_boundary(halves(features=features, target=target), X, ["_b", "$a$", "_b", "$a$", "$a$"])
    display.figure_.canvas.draw()
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == [r"\$a\$", " _b"] and display.ax_.get_legend().get_title().get_text() == "kind"
    assert display.ax_.get_xlabel() == r"price_\$"
    assert len(display.points_[1].get_offsets()) == 2
    x0 = np.linspace(*display.surface_.get_extent()[:2], 400)
    np.testing.assert_array_equal(display.classifier.decide(np.array([x0, x0])), x0 > 3)


def test_examples_that_were_predicted_otherwise_have_a_ring():
    display = plot.DecisionBoundaryDisplay.from_predictions(X, Y, halves().predict(X, backend="numpy"))
    np.testing.assert_array_equal(display.points_[-1].get_offsets(), [X[:, 4]])
    assert display.surface_ is None and display.points_[-1].get_label() == "predicted otherwise (1)"


def test_estimators_of_scikit_learn():
    pytest.importorskip("sklearn")
    pandas = pytest.importorskip("pandas")
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    points, labels = fs.datasets.blobs(60, centers=3, classes=3)
    words, rows = np.array(["a", "b", "c"])[labels[0].astype(int)], pandas.DataFrame(points.T, columns=["u", "v"])
    mlp = MLPClassifier((8,), max_iter=30, random_state=0, tol=10.0, n_iter_no_change=3)
    model = make_pipeline(StandardScaler(), mlp).fit(rows, words)
    display = plot.decision_boundary(model, rows, words)
    found = display.classifier.decide(points)
    assert np.array(["a", "b", "c"])[found].tolist() == model.predict(rows).tolist()
    assert display.ax_.get_xlabel() == "u" and len(display.points_) == 3
    curve = plot.history(mlp)
    np.testing.assert_array_equal(curve.lines_[0].get_ydata(), mlp.loss_curve_)
    mlp.validation_scores_ = [0.1, 0.9, 0.2]
    assert plot.history(mlp).best_epoch == 1
    plot.hidden_units(mlp, X=points.T)
    with pytest.raises(TypeError, match="fitted classifier"):
        plot.decision_boundary(MLPClassifier(), rows, words)


@pytest.mark.parametrize(
    ("net", "X", "Y", "message"),
    [
        (network(np.eye(3), [0] * 3, [[1] * 3], [0]), np.ones((3, 4)), None, "two features, but this model has 3"),
        (halves(output="identity"), X, Y, "this network predicts numbers"),
        (network(np.eye(2), [0, 0], np.eye(2), [0, 0]), X, None, "predicts 2 labels at once"),
        (halves(), X.T, None, r"X must be \(2, m\), an example a column, not \(5, 2\)"),
        (halves(), X, Y[:, :3], "Y has 3 labels, but X has 5 examples"),
        (halves(), X, Y + 1, "Y holds 2.0, but classes are 0, 1"),
        (halves(), X * np.nan, None, "X must be finite"),
    ],
)  # fmt: skip
def test_what_has_no_boundary(net, X, Y, message):
    with pytest.raises(ValueError, match=message):
        plot.decision_boundary(net, X, Y)
    assert not plt.get_fignums()


def past(cost, tried=(), best=None):
    return History(np.arange(len(cost)), np.array(cost), np.array(tried), best_epoch=best)


def test_history_shows_both_costs_and_the_best_epoch():
    display = plot.history(halves(history=past([3.0, 2.0, 1.0], [3.0, 1.0, 2.0], 1)))
    assert [line.get_ydata().tolist() for line in display.lines_] == [[3, 2, 1], [3, 1, 2]]
    assert len({line.get_linestyle() for line in display.lines_}) == 2
    assert display.ax_.get_lines()[-1].get_xydata().tolist() == [[1.0, 1.0]]  # the star
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["training", "validation", "best epoch: 1"]
    assert display.ax_.get_ylabel() == "cost (cross-entropy in nats)" and display.ax_.get_yscale() == "linear"


@pytest.mark.parametrize(
    ("cost", "tried", "scale"),
    [
        ([1.0, 0.01], [], "log"),
        ([1.0, 0.5], [0.9, 0.01], "log"),
        ([1.0, 0.5], [], "linear"),
        ([1.0, 0.0], [], "linear"),
        ([1.0, -1e-3], [], "linear"),
    ],
)
def test_costs_that_span_decades_are_drawn_logarithmically(cost, tried, scale):
    assert plot.history(past(cost, tried)).ax_.get_yscale() == scale


def test_one_epoch_is_seen_and_none_is_refused():
    display = plot.history(past([0.7]))
    assert display.lines_[0].get_marker() == "o"
    with pytest.raises(ValueError, match="no epoch is recorded"):
        plot.history(halves())
    with pytest.raises(TypeError, match=r"net must be an fs\.Network, its history or a fitted estimator"):
        plot.history([1, 2])


def test_units_of_two_features_are_lines_in_the_features_own_units():
    features = Features(("u", "v"), np.array([[10.0], [0.0]]), np.array([[2.0], [1.0]]))
    net = network([[1, 0], [1, 1], [0, 1]], [1, 0, 50], [[1, 1, 1]], [0], features=features)
    display = plot.hidden_units(net)
    lines = [line.get_xydata() for line in display.ax_.get_lines()]
    np.testing.assert_allclose(lines[0][:, 0], 8.0)  # (u - 10) / 2 + 1 = 0
    np.testing.assert_allclose((lines[1][:, 0] - 10) / 2 + lines[1][:, 1], 0.0, atol=1e-12)
    assert display.outside_ == [3] and [text.get_text() for text in display.ax_.texts if text.get_text()] == ["1", "2"]
    arrow = next(each for each in display.ax_.texts if not each.get_text())
    assert arrow.xy[0] > arrow.xyann[0] and arrow.xy[1] == arrow.xyann[1]  # to where u is larger


def test_units_of_images_are_images():
    W1 = np.arange(5 * 6.0).reshape(5, 6) - 15
    net = network(W1, [0] * 5, np.ones((1, 5)), [0])
    image = plot.hidden_units(net, image_shape=(2, 3)).image_
    np.testing.assert_array_equal(image.get_array()[:2, :3], W1[0].reshape(2, 3))
    np.testing.assert_array_equal(image.get_array()[3:5, 4:7], W1[4].reshape(2, 3))
    assert image.get_clim() == (-15, 15)
    np.testing.assert_array_equal(plot.hidden_units(net).image_.get_array(), W1)
    for shape in (3, 3), 6, (1, 2, 3):
        with pytest.raises(ValueError, match=r"image_shape must be \(rows, columns\) of 6 pixels, not \("):
            plot.hidden_units(net, image_shape=shape)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_are_compared_with_differences(dtype, monkeypatch):
    points, labels = (each.astype(dtype) for each in fs.datasets.planar_flower(m=40))
    p = fs.initialize_parameters(2, 3, 1, scale=0.5, seed=0, dtype=dtype)
    before = [each.copy() for each in p]
    display = plot.gradient_check(points, labels, p, backend="numpy")
    assert display.good_ and display.difference_ < (1e-8 if dtype == "float64" else 1e-5)
    assert sum(len(line.get_xdata()) for line in display.ax_.get_lines()[:4]) == 13
    assert all(np.array_equal(*pair) for pair in zip(before, p, strict=True))

    from fastshallow.plot import gradients

    right = gradients.cost_and_gradients

    def wrong(X, Y, p, *, backend, **options):
        cost, found = right(X, Y, p, backend=backend, **options)
        return cost, found._replace(b1=found.b1 * 1.01)

    monkeypatch.setattr(gradients, "cost_and_gradients", wrong)
    display = plot.gradient_check(points, labels, p, backend="numpy")
    assert not display.good_ and "WRONG" in display.ax_.get_title()


def test_draws_on_the_axes_that_it_is_given():
    axes = plot.new_figure(8, 4).subplots(1, 2)
    assert plot.history(past([2.0, 1.0]), ax=axes[0]).ax_ is axes[0]
    assert plot.decision_boundary(halves(), X, Y, ax=axes[1]).figure_ is axes[1].figure
    assert not plt.get_fignums()
    with pytest.raises(TypeError, match="ax must be matplotlib axes"):
        plot.history(past([2.0, 1.0]), ax=3)


def test_importing_leaves_matplotlib_alone_and_says_where_it_comes_from():
    code = (
        "import sys, fastshallow as fs; fs.plot.history\n"
        "assert 'matplotlib' not in sys.modules\n"
        "sys.modules['matplotlib'] = sys.modules['matplotlib.pyplot'] = sys.modules['matplotlib.figure'] = None\n"
        "X, Y = fs.datasets.planar_flower()\n"
        "try: fs.plot.history(fs.train(X, Y, 2, epochs=2, backend='numpy'))\n"
        "except ImportError as error: assert 'pip install \"fastshallow[plot]\"' in str(error)\n"
        "else: raise SystemExit('no error')\n"
        "from fastshallow.command.cli import main\n"
        "assert main(['train', '--plot', 'x.png']) == 2\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == 'fastshallow: error: --plot: plots need matplotlib: pip install "fastshallow[plot]"\n'


@pytest.mark.parametrize(("suffix", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_command_draws(run, tmp_path, suffix, begins):
    picture = tmp_path / f"flower.{suffix}"
    status, out, _ = run("train", "--epochs", 5, "--backend", "numpy", "--no-compare", "--plot", picture)
    assert status == 0 and f"Drawn as {picture}." in out
    assert picture.read_bytes().startswith(begins) and not plt.get_fignums()


def test_the_command_refuses_before_it_trains(run, tmp_path):
    epochs = "--epochs", 10**9
    for path, message in (
        ("x.jpg", "--plot x.jpg: its name must end in .png, .svg, .pdf"),
        (tmp_path / "none" / "x.png", "no such folder"),
        (tmp_path, "its name must end in"),
        (tmp_path / "same.png", "another file is written there"),
    ):
        status, _, error = run("train", *epochs, "--plot", path, "--output", tmp_path / "same.png")
        assert status == 2 and message in error and error.count("\n") == 1


def test_the_command_draws_classes_beside_costs(monkeypatch, run, tmp_path):
    drawn, draw = [], plot.decision_boundary
    monkeypatch.setattr(plot, "decision_boundary", lambda *a, **k: drawn.append(draw(*a, **k)))
    points, labels = fs.datasets.noisy_moons(60)
    rows = [f"{x * 100},{y},{'up' if label else 'down'}" for x, y, label in zip(*points, labels[0], strict=True)]
    (tmp_path / "moons.csv").write_text("\n".join(["length,width,kind", *rows]))
    options = ["--target", "kind", "--epochs", 3, "--backend", "numpy", "--plot", tmp_path / "x.png"]
    assert run("train", tmp_path / "moons.csv", *options)[0] == 0
    np.testing.assert_allclose(drawn[0].classifier.X, points * [[100], [1]], rtol=1e-9, atol=1e-9)
    assert drawn[0].ax_.get_xlabel() == "length" and drawn[0].classifier.classes == ["down", "up"]
    options[1] = "width"
    assert run("train", tmp_path / "moons.csv", *options)[0] == 0
    assert len(drawn) == 1  # of numbers there are costs alone
