"""What is held out is not learnt from: not by the parameters, nor by the means and scales of the features."""

import numpy as np
import pytest

import fastshallow as fs
from fastshallow.command.cli import main

M, HELD_OUT = 20, 5
VALUES = 2.0 ** np.arange(M) / 1024  # each sum of some of them is the sum of no others


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_features_are_standardized_by_the_rows_that_are_learnt_from(tmp_path, seed, capsys):
    rows = [f"{value!r},{(-1) ** i * value!r},{'ab'[i % 2]}" for i, value in enumerate(VALUES.tolist())]
    (tmp_path / "data.csv").write_text("\n".join(["x,z,y", *rows]))
    learn = ["train", str(tmp_path / "data.csv"), "--target", "y", "--epochs", "3", "--seed", str(seed), "--json"]
    assert main([*learn, "--test-fraction", str(HELD_OUT / M), "--output", str(tmp_path / "net.npz")]) == 0
    features = fs.Network.load(tmp_path / "net.npz").features
    assert features.names == ("x", "z")
    total = features.mean[0, 0] * (M - HELD_OUT) * 1024
    assert total == pytest.approx(round(total), abs=1e-6)
    learnt = [i for i in range(M) if round(total) >> i & 1]
    assert len(learnt) == M - HELD_OUT and round(total) < 2**M
    np.testing.assert_allclose(features.mean[1, 0], np.mean([(-1) ** i * VALUES[i] for i in learnt]), rtol=1e-12)
    np.testing.assert_allclose(features.scale[0, 0], np.std(VALUES[learnt]), rtol=1e-12)


def test_a_number_to_predict_as_well(tmp_path, capsys):
    rows = [f"{(i * 7) % 11},{value!r}" for i, value in enumerate(VALUES.tolist())]
    (tmp_path / "data.csv").write_text("\n".join(["x,y", *rows]))
    learn = ["train", str(tmp_path / "data.csv"), "--target", "y", "--epochs", "3", "--json"]
    assert main([*learn, "--test-fraction", str(HELD_OUT / M), "--output", str(tmp_path / "net.npz")]) == 0
    total = fs.Network.load(tmp_path / "net.npz").target.mean[0, 0] * (M - HELD_OUT) * 1024
    assert total == pytest.approx(round(total), abs=1e-6) and bin(round(total)).count("1") == M - HELD_OUT


def test_a_held_out_example_changes_no_parameter():
    """As `validation=0.25` draws them: those whose labels can be turned without a trace in what is learnt."""
    X = np.random.default_rng(0).standard_normal((3, M))
    Y = (np.arange(M)[None] % 2).astype(float)
    options = {"n_h": 3, "epochs": 3, "seed": 1, "backend": "numpy", "output": "identity", "validation": HELD_OUT / M}
    plain, silent = fs.train(X, Y, **options), []
    for i in range(M):
        turned = Y.copy()
        turned[0, i] = 1.0 - turned[0, i]
        net = fs.train(X, turned, **options)
        unchanged = all(map(np.array_equal, net.parameters, plain.parameters))
        assert not unchanged or net.history.validation_cost[0] != plain.history.validation_cost[0]
        silent += [i] * unchanged
    assert len(silent) == HELD_OUT
