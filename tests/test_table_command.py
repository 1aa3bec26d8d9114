"""Tables as people have them, learnt and predicted by the command."""

import csv
import dataclasses
import gzip
import importlib.util
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest

import fastshallow as fs

pa = pytest.importorskip("pyarrow")

QUICK = ("--backend", "numpy", "--epochs", "300")


@pytest.fixture
def flats():
    """Rows of a table as a spreadsheet in Germany writes it: of every kind, with gaps."""
    random = np.random.default_rng(3)
    rows = []
    for i in range(200):
        rooms, kind = int(random.integers(1, 6)), random.choice(["house", "flat", "loft"])
        garden, day = bool(random.integers(2)), int(random.integers(1, 29))
        size = 20 * rooms + 10 * random.random()
        rent = 1000 + 10 * size + (500 if kind == "loft" else 0) + (200 if garden else 0)
        rows.append(
            {
                "id": i + 7,
                "size": f"{size:.2f}".replace(".", ",") if i % 9 else "NA",
                "kind": kind if i % 11 else "?",
                "garden": str(garden).upper(),
                "since": f"{day:02}.{random.integers(1, 13):02}.{random.integers(1990, 2020)}",
                "country": "DE",
                "remark": f"remark; number {i}",
                "rent": f"{rent:,.2f}".translate(str.maketrans(",.", ".,")),
            }
        )
    return rows


def text_of(rows, names=None, delimiter=";"):
    file = io.StringIO()
    writer = csv.DictWriter(file, names or rows[0], delimiter=delimiter, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


REPORT = """\
columns   'size': numbers; 23 missing: the median instead, and a feature that says so
          'kind': texts, a feature each for 'flat', 'house', 'loft'; 19 missing: a feature that says so
          'garden': booleans
          'since': dates, day first, as days and the sine and cosine of the year
          'id': left out, an id, another number in each of 200 rows
          'country': left out, the same in every row, 'DE'
          'remark': left out, an id, another text in each of 200 rows
"""


def test_a_table_of_every_kind(run, tmp_path, flats):
    (tmp_path / "flats.csv").write_text(text_of(flats))
    net = tmp_path / "net.npz"
    status, out, err = run("train", tmp_path / "flats.csv", "--target", "rent", "--output", net, *QUICK)
    assert (status, err) == (0, "")
    assert REPORT in out
    assert "written with decimal commas" in out
    status, out, err = run("predict", net, tmp_path / "flats.csv")
    assert status == 0
    median = np.median([float(row["size"].replace(",", ".")) for row in flats if row["size"] != "NA"])
    assert err == f"fastshallow: note: 23 missing in 'size', replaced by the median {median}\n"
    truth = [float(row["rent"].replace(".", "").replace(",", ".")) for row in flats]
    predicted = [float(line) for line in out.splitlines()[1:]]
    assert 1 - np.var(np.subtract(predicted, truth)) / np.var(truth) > 0.8
    network = fs.Network.load(net)
    assert network.features.names == (
        "size", "size is missing", "kind=flat", "kind=house", "kind=loft", "kind is missing", "garden", "since in days",
        "since, sine of the year", "since, cosine of the year",
    )  # fmt: skip
    assert network.features.recipe.decimal == ","


def test_the_same_rows_give_the_same_predictions_however_they_are_written(run, tmp_path, flats, monkeypatch):
    """Separator, decimal sign, order of the columns, compression, Parquet, standard input."""
    net = tmp_path / "net.npz"
    (tmp_path / "flats.csv").write_text(text_of(flats))
    run("train", tmp_path / "flats.csv", "--target", "rent", "--output", net, *QUICK)
    expected = run("predict", net, tmp_path / "flats.csv")
    names = ["since", "new", "garden", "kind", "size"]
    english = [row | {"size": row["size"].replace(",", "."), "new": "3/4"} for row in flats]
    (tmp_path / "english.tsv").write_text(text_of(english, names, "\t"))
    (tmp_path / "english.csv.gz").write_bytes(gzip.compress(text_of(english, names, ",").encode()))
    sizes = [None if row["size"] == "NA" else float(row["size"]) for row in english]
    kinds = pa.array([None if row["kind"] == "?" else row["kind"] for row in english]).dictionary_encode()
    gardens = [row["garden"] == "TRUE" for row in english]
    days = pa.array([np.datetime64("-".join(reversed(row["since"].split(".")))).item() for row in english])
    table = pa.table({"kind": kinds, "size": sizes, "since": days, "garden": gardens})
    importlib.import_module("pyarrow.parquet").write_table(table, tmp_path / "flats.parquet")
    for name in "english.tsv", "english.csv.gz", "flats.parquet":
        assert run("predict", net, tmp_path / name) == expected, name
    stream = io.BytesIO(text_of(english, names, "|").encode())
    monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": stream}))
    assert run("predict", net, "-") == expected


def test_a_recipe_is_followed_where_the_table_alone_says_something_else(run, tmp_path, flats):
    """One row, in which nothing tells decimal commas, dates or kinds, and one that lacks everything."""
    net = tmp_path / "net.npz"
    (tmp_path / "flats.csv").write_text(text_of(flats))
    run("train", tmp_path / "flats.csv", "--target", "rent", "--output", net, *QUICK)
    row = {"size": "61,250", "kind": "loft", "garden": "TRUE", "since": "01.02.2003"}
    (tmp_path / "one.csv").write_text(text_of([row]))
    (tmp_path / "other.csv").write_text(text_of([row | {"size": "61.25", "since": "2003-02-01"}], delimiter=","))
    status, out, err = run("predict", net, tmp_path / "one.csv")
    assert (status, err) == (0, "")
    status, _, err = run("predict", net, tmp_path / "other.csv")
    assert status == 2
    assert "the text '2003-02-01' in column 'since', row 2, where a date (day first) is expected" in err
    (tmp_path / "other.csv").write_text(text_of([row | {"size": "61.25"}], delimiter=","))
    assert run("predict", net, tmp_path / "other.csv", "--decimal", ".")[1] == out
    (tmp_path / "none.csv").write_text("size;kind;garden;since;x\n;;;;1\n")
    status, out, err = run("predict", net, tmp_path / "none.csv")
    assert (status, len(out.splitlines()), len(err.splitlines())) == (0, 2, 3)


def test_predicting_says_what_it_has_not_seen(run, tmp_path):
    (tmp_path / "data.csv").write_text("kind,y\n" + "a,1\nb,2\na,1.5\nb,2.5\n" * 5)
    net = tmp_path / "net.npz"
    run("train", tmp_path / "data.csv", "--target", "y", "--output", net, *QUICK)
    (tmp_path / "data.csv").write_text("kind\na\nnew\n")
    status, out, err = run("predict", net, tmp_path / "data.csv")
    assert (status, len(out.splitlines())) == (0, 3)
    assert err == "fastshallow: note: 1 'new' in 'kind', which training has not seen: no feature of it is set\n"


def test_without_a_header(run, tmp_path):
    path, net = tmp_path / "iris.csv", tmp_path / "net.npz"
    path.write_text("5.1,3.5,x\n4.1,2.5,x\n6.1,2.5,z\n6.5,1,z\n" * 5)
    status, _, err = run("train", path, "--target", "c3", *QUICK)
    assert status == 2
    assert "no header: the first row holds the number 5.1" in err
    status, out, _ = run("train", path, "--target", "c3", "--no-header", "--output", net, *QUICK)
    assert (status, "20 examples" in out) == (0, True)
    path.write_text("5.1,3.5\n6.1,2.5\n")
    status, out, err = run("predict", net, path)  # the network knows that there is none
    assert (status, err) == (0, "")
    assert [line.split(",")[0] for line in out.splitlines()] == ["prediction", "x", "z"]


def test_a_header_that_the_network_knows_is_one(run, tmp_path):
    path, net = tmp_path / "data.csv", tmp_path / "net.npz"
    path.write_text("0.5,0.9,y\n" + "".join(f"{i},{i % 7},{i}\n" for i in range(20)))
    assert "--header takes them as they are" in run("train", path, "--target", "y", *QUICK)[2]
    assert run("train", path, "--target", "y", "--header", "--output", net, *QUICK)[0] == 0
    status, out, err = run("predict", net, path)
    assert (status, len(out.splitlines()), err) == (0, 21, "")


def test_where_predictions_go_is_checked_first(run, tmp_path):
    status, _, err = run("predict", "nosuch.npz", "nosuch.csv", "--output", tmp_path / "no" / "out.csv")
    assert (status, "no such folder" in err) == (2, True)


def test_flags_overrule(run, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("id,code,a,y\n" + "".join(f"{i},{i % 3},{i / 7},{i % 5}\n" for i in range(30)))
    lines = {
        ("--features", "id", "code"): "'id', 'code': numbers",
        ("--categorical", "code"): "'code': texts, a feature each for '0', '1', '2'",
        ("--ignore", "a", "code"): "no column is left to learn from: 'id': left out, an id",
    }
    for flags, line in lines.items():
        _, out, err = run("train", path, "--target", "y", *flags, *QUICK)
        assert line in out + err
    assert run("train", "--categorical", "a")[2].startswith("fastshallow: error: --target, --ignore and their like go")


def test_a_column_that_training_finds_constant_is_left_out(run, tmp_path):
    """Its weights would be what chance has made them, and noise when the column varies later."""
    random = np.random.default_rng(0)
    a = random.standard_normal(200)
    path, net = tmp_path / "data.csv", tmp_path / "net.npz"
    path.write_text("a,const,y\n" + "".join(f"{x},7,{'yes' if x > 0 else 'no'}\n" for x in a))
    out = run("train", path, "--target", "y", "--output", net, *QUICK)[1]
    assert "'const': left out, the same in every row, 7" in out
    expected = run("predict", net, path)
    path.write_text("a,const\n" + "".join(f"{x},{random.standard_normal() * 100}\n" for x in a))
    assert run("predict", net, path) == expected
    X = np.vstack([a, np.full(200, 7)])
    np.savez(tmp_path / "data.npz", X=X, Y=(a > 0) * 1.0)
    assert "'x1': left out, the same in every row, 7" in run("train", tmp_path / "data.npz", "--output", net, *QUICK)[1]
    expected = run("predict", net, tmp_path / "data.npz")
    np.savez(tmp_path / "data.npz", X=np.vstack([a, random.standard_normal(200) * 100]))
    assert run("predict", net, tmp_path / "data.npz") == expected


def test_nothing_is_learnt_from_what_is_held_out(run, tmp_path):
    """Not the median, not the mean, not the categories: other values there give the same network."""
    random = np.random.default_rng(0)
    rows = [
        [f"{x:.6f}" if i % 5 else "", "u" if i % 2 else "v", i % 2] for i, x in enumerate(random.standard_normal(60))
    ]
    path = tmp_path / "data.csv"
    options = ("--target", "y", "--test-fraction", "0.25", "--output", tmp_path / "net.npz", *QUICK)
    path.write_text("a,kind,y\n" + "".join("{},{},{}\n".format(*row) for row in rows))
    run("train", path, *options)
    network = fs.Network.load(tmp_path / "net.npz")
    from fastshallow.command import lessons

    held_out = lessons._parts("", np.array([[row[2] for row in rows]]), 0.25, 2)[1]
    for i in held_out:
        rows[i][:2] = [1e6, "new"]
    path.write_text("a,kind,y\n" + "".join("{},{},{}\n".format(*row) for row in rows))
    run("train", path, *options)
    again = fs.Network.load(tmp_path / "net.npz")
    assert again.features.recipe == network.features.recipe
    np.testing.assert_array_equal(again.features.mean, network.features.mean)
    np.testing.assert_array_equal(again.parameters.W1, network.parameters.W1)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_held_out_has_every_class(run, tmp_path, seed):
    path = tmp_path / "data.csv"
    names = ["single", *["rare"] * 2, *["some"] * 10, *["many"] * 47]
    path.write_text("a,y\n" + "".join(f"{i / 7},{name}\n" for i, name in enumerate(names)))
    options = ("--target", "y", "--test-fraction", "0.2", "--seed", seed, "--json", "--output", tmp_path / "net.npz")
    result = json.loads(run("train", path, *options, *QUICK)[1])
    assert result["examples_held_out"] == 12
    assert fs.Network.load(tmp_path / "net.npz").target.classes == ("many", "rare", "single", "some")
    from fastshallow.command import lessons, tables

    learnt, held_out = lessons.from_table(str(path), tables.Options(target="y"), 0.2, seed)
    counts = learnt.Y.sum(axis=1), held_out.Y.sum(axis=1)
    np.testing.assert_array_equal(counts[0] + counts[1], [47, 2, 1, 10])
    assert (counts[1][1], counts[1][2]) == (1, 0)  # what there is once is learnt
    assert 2 <= counts[1][3] <= 3


def test_classes_are_named_as_the_table_names_them(run, tmp_path):
    path, net = tmp_path / "data.csv", tmp_path / "net.npz"
    for names in ("TRUE", "FALSE"), ("1_1", "1_2"), ('say "a, b"', "c"), ("01", "x"), ("\u03b1", "\u03b2"):
        rows = [[i, names[i < 10]] for i in range(20)]
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["a", "y"], *rows])
        run("train", path, "--target", "y", "--output", net, *QUICK)
        status, out, err = run("predict", net, path)
        assert (status, err) == (0, "")
        assert [row[0] for row in csv.reader(out.splitlines())][1:] == [name for _, name in rows]


def test_a_network_without_a_recipe_takes_a_table_of_numbers(run, tmp_path):
    X, Y = fs.datasets.planar_flower()
    fs.train(X, Y, 4, epochs=2, seed=1, backend="numpy").save(tmp_path / "net.npz")
    (tmp_path / "data.csv").write_text("a;b\n1,5;2\n3;x\n")
    assert (
        "the text 'x' in column 'b', row 3, where a number"
        in run("predict", tmp_path / "net.npz", tmp_path / "data.csv")[2]
    )


def test_the_extra_is_named_where_it_is_missing(run, tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "pyarrow" else find(name, *more)
    )
    path = tmp_path / "data.csv"
    path.write_text("a,b,y\n" + "".join(f"{i},{i % 7},{i}\n" for i in range(20)))
    status, _, err = run("train", path, "--target", "y", "--output", tmp_path / "net.npz", *QUICK)
    assert (status, err) == (0, "")
    assert len(run("predict", tmp_path / "net.npz", path)[1].splitlines()) == 21
    path.write_text("a,y\n1,yes\n2,no\n")
    status, _, err = run("train", path, "--target", "y", *QUICK)
    assert status == 2
    assert "the text 'yes' in column 'y', row 2" in err
    assert 'pip install "fastshallow[table]"' in err


@pytest.mark.skipif(os.name == "nt", reason="no sh")
def test_standard_input_of_a_process(tmp_path):
    command = f"{sys.executable} -m fastshallow train - --target y --backend numpy --epochs 3"
    text = "a;y\n" + "1,5;yes\n2,5;no\n" * 10
    done = subprocess.run(command, shell=True, input=text, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "standard input: 20 examples" in done.stdout


def test_neither_pyarrow_nor_pandas_is_imported_for_an_npz(tmp_path):
    np.savez(tmp_path / "data.npz", X=np.eye(4), Y=np.array([0, 1, 0, 1]))
    code = (
        "import sys; from fastshallow.command.cli import main\n"
        f"main(['train', {str(tmp_path / 'data.npz')!r}, '--backend', 'numpy', '--epochs', '2'])\n"
        "assert not {'pyarrow', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, capture_output=True)
    (tmp_path / "data.csv").write_text("a,b,y\n1,x,2\n3,,4\n5,x,4\n7,z,4\n")
    code = code.replace("data.npz'", "data.csv', '--target', 'y'").replace("{'pyarrow', 'pandas'}", "{'pandas'}")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, capture_output=True)


def test_a_column_of_something_else_than_in_training_is_refused(run, tmp_path):
    write = importlib.import_module("pyarrow.parquet").write_table
    net, path = tmp_path / "net.npz", tmp_path / "data.parquet"
    days = pa.array([0, 1, 2, 3], pa.date32())
    write(pa.table({"a": [1.0, 2, 4, 3], "when": days, "y": [1, 2, 3, 4]}), path)
    assert run("train", path, "--target", "y", "--output", net, *QUICK)[0] == 0
    for columns, problem in (
        ({"a": days, "when": days}, "column 'a' holds dates, where training had numbers"),
        ({"a": [1.0, 2, 4, 3], "when": [1.0, 2, 4, 3]}, "column 'when' holds numbers, where training had dates"),
        ({"a": [[1]] * 4, "when": days}, "column 'a' holds something else, where training had numbers"),
        ({"a": ["x", "x", "z", "x"], "when": days}, "the text 'x' in column 'a', row 1, where a number is expected"),
    ):
        write(pa.table(columns), path)
        status, _, err = run("predict", net, path)
        assert (status, problem in err) == (2, True), err


def test_features_without_a_recipe_are_found_by_name(run, tmp_path):
    network = fs.train(
        np.array([[1.0, 2, 3]]), np.array([[1.0, 2, 3]]), 2, output="identity", epochs=1, backend="numpy"
    )
    features = fs.training.network.Features(("a",), np.array([[5.0]]), np.array([[2.0]]))
    dataclasses.replace(network, features=features).save(tmp_path / "net.npz")
    (tmp_path / "data.csv").write_text("b,a\nx,7\nx,5\nx,\n")
    out = run("predict", tmp_path / "net.npz", tmp_path / "data.csv")[1].splitlines()
    expected = network.predict(np.array([[1.0, 0, 0]]))[0]
    np.testing.assert_allclose([float(line) for line in out[1:]], expected, rtol=1e-12)
