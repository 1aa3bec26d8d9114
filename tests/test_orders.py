"""The order of the examples: a new one each epoch, which a run's batches take; blocks are mixed, and mixed within."""

import numpy as np
import pytest

import fastshallow as fs
from fastshallow.backends import numpy as reference
from fastshallow.data.orders import Orders, stratified
from fastshallow.formulas import OUTPUTS
from fastshallow.training.settings import Data, split


def rows_of(orders, count, m, first=0):
    rows = np.empty((count, m), np.int64)
    orders.fill(first, rows)
    return rows


def correlations(rows):
    """Of each row with the one before, in standard scores."""
    m = rows.shape[1]
    centered = (rows - (m - 1) / 2) / np.sqrt((m * m - 1) / 12)
    return (centered[1:] * centered[:-1]).mean(axis=1) * np.sqrt(m - 1)


@pytest.mark.parametrize("m", [2, 3, 50, 1000])
def test_each_epoch_has_every_example_once(m):
    for block in (None, 1, 7, 64, m, 10 * m):
        rows = rows_of(Orders(5, m, block), 8, m)
        np.testing.assert_array_equal(np.sort(rows, axis=1), np.tile(np.arange(m), (8, 1)))


def test_the_orders_of_epochs_have_nothing_in_common():
    rows = rows_of(Orders(5, 1000), 100, 1000)
    assert len(set(map(tuple, rows))) == 100
    assert np.abs(correlations(rows)).max() < 4.5 and abs(np.mean(correlations(rows))) < 0.45
    same_place = (rows[1:] == rows[:-1]).sum(axis=1)  # one example on average
    assert 0.5 < same_place.mean() < 1.5 and same_place.max() < 9
    lead = (rows[:, 1:] == rows[:, :-1] + 1).sum(axis=1)  # nor do neighbours stay neighbours
    assert 0.5 < lead.mean() < 1.5


def test_a_place_has_every_example_equally_often():
    counts = np.zeros((6, 6))
    for row in rows_of(Orders(8, 6), 6000, 6):
        counts[np.arange(6), row] += 1
    assert np.abs(counts - 1000).max() < 4.5 * np.sqrt(1000)


def test_keys_have_their_own_orders():
    rows = np.stack([rows_of(Orders(key, 200), 1, 200)[0] for key in (0, 1, 2, 2**32, 2**63 - 1)])
    assert len(set(map(tuple, rows))) == 5
    assert np.abs(correlations(rows)).max() < 4.5


def test_blocks_are_mixed_and_mixed_within():
    m, block = 1000, 64
    rows = rows_of(Orders(5, m, block), 50, m)
    inside = {}
    for row in rows:
        which = row // block
        starts = np.flatnonzero(np.diff(which, prepend=-1))
        assert len(starts) == 16  # each block comes once, as a whole
        order = which[starts]
        assert sorted(order) == list(range(16)) and list(order) != list(range(16))
        for b, part in zip(order, np.split(row, starts[1:]), strict=True):
            inside.setdefault(int(b), []).append(part - b * block)
    assert len({tuple(row // block) for row in rows}) == 50  # the blocks come in another order each epoch
    everything = [tuple(part) for parts in inside.values() for part in parts]
    assert len(set(everything)) == len(everything)  # and their examples, in each block and each epoch
    for parts in (np.array(inside[0]), np.array([inside[b][0] for b in range(15)])):
        assert parts.shape[1] == block and np.abs(correlations(parts)).max() < 4.5
        assert np.abs(correlations(np.stack([np.arange(block), parts[0]]))).max() < 4.5


def test_a_checkpoint_goes_on_with_these_orders():
    """Written out, so that no later version takes others."""
    assert rows_of(Orders(12345, 8), 2, 8, first=6).tolist() == [[5, 1, 0, 4, 2, 6, 7, 3], [2, 3, 0, 4, 5, 6, 7, 1]]
    assert rows_of(Orders(12345, 8, 3), 1, 8).tolist() == [[4, 5, 3, 6, 7, 0, 2, 1]]


def batches_of(monkeypatch, m, **options):
    """The examples of each step of the reference, which are their first feature."""
    seen = []

    def recorded(X, *arguments, right=reference.cost_and_gradients, **more):
        seen.append(np.round(X[0]).astype(int))
        return right(X, *arguments, **more)

    monkeypatch.setattr(reference, "cost_and_gradients", recorded)
    X = np.arange(2.0 * m).reshape(2, m)
    fs.train(X, np.zeros((1, m)), epochs=4, seed=3, learning_rate=1e-9, backend="numpy", **options)
    steps = len(seen) // 4
    return [np.concatenate(seen[epoch * steps : (epoch + 1) * steps]) for epoch in range(4)], seen


@pytest.mark.filterwarnings("ignore:features should have mean 0")  # they are places
@pytest.mark.parametrize("shuffle", [True, "blocks", False])
def test_training_takes_them(shuffle, monkeypatch):
    m = 300
    epochs, seen = batches_of(monkeypatch, m, batch_size=64, shuffle=shuffle)
    assert [len(batch) for batch in seen] == [64, 64, 64, 64, 44] * 4
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), np.arange(m))
        assert np.array_equal(epoch, np.arange(m)) == (shuffle is False)
    assert len(set(map(tuple, epochs))) == (4 if shuffle else 1)


@pytest.mark.filterwarnings("ignore:features should have mean 0")  # they are places
def test_training_mixes_neighbours(monkeypatch):
    """Two features of float64 in blocks of 16384 examples."""
    m = 3 * 2**14
    epochs, _ = batches_of(monkeypatch, m, batch_size=2**13, shuffle="blocks")
    for epoch in epochs:
        for part in epoch.reshape(3, 2**14):
            assert np.ptp(part) == 2**14 - 1 and np.abs(np.diff(part)).mean() > 2**12
    assert len(set(map(tuple, epochs))) == 4


# ---- what is held out ----


def drawn(kinds, seed=0):
    """Examples in the order in which they would be held out, and their classes."""
    order = stratified(np.random.default_rng(seed).permutation(len(kinds)), kinds)
    np.testing.assert_array_equal(np.sort(order), np.arange(len(kinds)))
    return order, kinds[order]


@pytest.mark.parametrize("sizes", [(2, 2), (50, 2), (5, 300, 7), (10,) * 10, (1, 1, 40), (30,)])
def test_classes_are_in_both_parts_wherever_the_order_is_cut(sizes):
    kinds = np.random.default_rng(1).permutation(np.repeat(np.arange(len(sizes)), sizes))
    _, classes = drawn(kinds)
    several = {kind for kind, size in enumerate(sizes) if size > 1}
    singles = len(sizes) - len(several)
    for cut in range(len(several), len(kinds) - len(several) - singles + 1):
        assert several <= set(classes[:cut]) and set(range(len(sizes))) == set(classes[cut:])


@pytest.mark.parametrize("sizes", [(300, 100), (50, 1000, 200)])
def test_classes_are_held_out_in_proportion(sizes):
    kinds = np.repeat(np.arange(len(sizes)), sizes)
    _, classes = drawn(kinds)
    for cut in (40, 80, len(kinds) // 2, len(kinds) - 40):
        expected = np.array(sizes) * cut / len(kinds)
        assert np.abs(np.bincount(classes[:cut]) - expected).max() <= 1.5


def test_chance_decides_within_a_class():
    kinds = np.repeat([0, 1], [30, 10])
    counts = np.zeros(40)
    for seed in range(2000):
        counts[drawn(kinds, seed)[0][:8]] += 1
    assert np.abs(counts - 400).max() < 4.5 * np.sqrt(400)


def labels(sizes, output):
    kinds = np.random.default_rng(3).permutation(np.repeat(np.arange(len(sizes)), sizes))
    return kinds, {
        "softmax": np.eye(len(sizes))[:, kinds],
        "sigmoid": kinds[None] * 1.0,
        "labels": np.array([kinds & 1, kinds >> 1]) * 1.0,
        "soft": np.where(kinds, 0.9, 0.2)[None],
    }[output]


@pytest.mark.parametrize(
    ("sizes", "output"), [((90, 9, 3), "softmax"), ((96, 4), "sigmoid"), ((96, 4), "soft"), ((80, 4, 4, 12), "labels")]
)
def test_a_fraction_holds_out_of_each_class(sizes, output):
    kinds, Y = labels(sizes, output)
    learnt = OUTPUTS["softmax" if output == "softmax" else "sigmoid"]
    drawn = set()
    for key in range(30):
        rest, part = split(Data(np.arange(len(kinds))[None] * 1.0, Y), 0.2, key, learnt)
        held_out = part.X[0].astype(int)
        assert rest.m + part.m == len(kinds) and not set(rest.X[0]) & set(part.X[0])
        np.testing.assert_array_equal(part.Y, Y[:, held_out])
        counts = np.bincount(kinds[held_out], minlength=len(sizes))
        assert (counts >= 1).all() and (counts < sizes).all() and part.m == round(0.2 * len(kinds))
        again = split(Data(np.arange(len(kinds))[None] * 1.0, Y), 0.2, key, learnt)[1]
        np.testing.assert_array_equal(again.X, part.X)
        drawn.add(tuple(held_out))
    assert len(drawn) == 30


def test_numbers_are_held_out_as_the_first_of_an_order():
    m = 50
    order = rows_of(Orders(9, m), 1, m, 2**63)[0]
    _, part = split(Data(np.arange(m)[None] * 1.0, np.arange(m)[None] % 2.0), 0.3, 9, OUTPUTS["identity"])
    np.testing.assert_array_equal(part.X[0], np.sort(order[:15]))
