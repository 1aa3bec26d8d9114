"""Tables are read right, or refused in one line that says what is wrong and where."""

import bz2
import csv
import gzip
import importlib.util
import io
import os
import re
import sys
import tempfile
import threading
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastshallow.command import tables
from fastshallow.command.tables import Options, TableError
from fastshallow.data import Column

pa = pytest.importorskip("pyarrow")


@pytest.fixture
def table(tmp_path):
    """Write a text, or bytes, as data.csv; return its path."""

    def write(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path, target="y", **options):
    return tables.read(path, Options(target=target, **options))


def values(column):
    """What a column holds: numbers, or texts, None where they are missing."""
    if column.kind == "texts":
        return [column.texts[i] if i >= 0 else None for i in column.values]
    return [None if np.isnan(value) else value for value in column.values]


def shown(found):
    return {name: (column.kind, values(column)) for name, column in found.columns.items()}


@pytest.mark.parametrize(
    "text",
    [
        "a,y\n1,2\n3,4\n",
        "a,y\r\n1,2\r\n3,4",
        "\ufeffa,y\n1,2\n3,4\n",
        " a , y\n 1 , 2\n\n3,4\n\n",
        'a,"y"\n"1",2\n"3",4\n',
        "a;y\n1;2\n3;4\n",
        "a\ty\n1\t2\n3\t4\n",
        "a|y\n1|2\n3|4\n",
        "\n  \na,y\n1,2\n3,4\n",
        "a,y\n1,2\n3,4\n   ",  # a last line of blanks
        "a,y\n1,2\n3,4\n,\n , \n",  # rows of nothing, as spreadsheets write them
        "a,y\n+1,2.\n3e0,4.00\n",
        '"a",y\n1,2\n\n\n3,4\n',
    ],
)
def test_dialects(table, text):
    found = read(table(text))
    assert shown(found) == {"a": ("numbers", [1, 3])}
    assert (values(found.target), found.notes) == ([2, 4], [])


def test_the_separator_is_guessed_from_several_rows_outside_quotes(table):
    text = 'name;"a,b,c,d";y\n"x,y;z";1,5;0\n"u,v;w";2,5;1\n"x,y;z";1,5;0\n'
    found = read(table(text))
    assert shown(found) == {"name": ("texts", ["x,y;z", "u,v;w", "x,y;z"]), "a,b,c,d": ("numbers", [1.5, 2.5, 1.5])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;y\n5,1;1\n0,25;2\n", [5.1, 0.25]),
        ("a;y\n1.234,5;1\n0,25;2\n", [1234.5, 0.25]),
        ("a;b;y\n1.234;0,5;1\n12.345;2,5;2\n", [1234, 12345]),  # the file has decimal commas
        ("a;y\n1,000;1\n3,500;2\n", [1, 3.5]),  # nothing tells but the separator
        ("a\ty\n1,000\t1\n3,500\t2\n", [1000, 3500]),
        ('a,y\n"1,000",1\n"1,234,567.5",2\n', [1000, 1234567.5]),
        ('a,y\n"5,1",1\n"0,25",2\n', [5.1, 0.25]),
        ('a,y\n7,1\n"1,000",2\n', [7, 1000]),
        ("a;y\n-,5;1\n+1e3;2\n", [-0.5, 1000]),
    ],
)
def test_decimal_commas_and_thousands(table, text, expected):
    assert shown(read(table(text)))["a"] == ("numbers", expected)


def test_the_decimal_sign_can_be_said(table):
    path = table("a;y\n1,000;1\n3,500;2\n")
    assert shown(read(path, decimal="."))["a"] == ("numbers", [1000, 3500])


def test_a_decimal_comma_that_the_sample_does_not_show_is_pointed_out(table):
    path = table("a;y\n" + "1;0\n" * 100_000 + "5,1;1\n")
    with pytest.raises(TableError, match=r"the text '5,1' in column 'a', row 100002, .*--decimal ,"):
        read(path)
    assert read(path, decimal=",").columns["a"].values[-1] == 5.1


def test_one_thread_reads_the_same(table):
    """As with OMP_NUM_THREADS=1, or on one processor."""
    threads = pa.cpu_count()
    pa.set_cpu_count(1)
    try:
        with pytest.raises(TableError, match="the text 'x' in column 'a', row 100002"):
            read(table("a,y\n" + "1,0\n" * 100_000 + "x,1\n"))
    finally:
        pa.set_cpu_count(threads)


def test_numbers_of_few_values_stay_numbers(table):
    found = read(table("a;y\n" + "0,5;1\n1,5;2\n" * 20))
    assert found.columns["a"].kind == "numbers"


@pytest.mark.parametrize("text", ["20_29", "1_1", "\u0663", "1e", "0x1f", "--1", "1.2.3", "e5", ".", "1 2", "infinit"])
def test_what_is_no_number_is_a_text(table, text):
    found = read(table(f'a,y\n"{text}",1\n"{text}",2\n"x",3\n'))
    assert shown(found)["a"] == ("texts", [text, text, "x"])


def test_classes_that_python_would_take_for_numbers(table):
    found = read(table("a,y\n1,1_1\n2,1_2\n3,1_1\n4,1_3\n"))
    assert values(found.target) == ["1_1", "1_2", "1_1", "1_3"]


@pytest.mark.parametrize("word", ["", "NA", "?", "nan", "NaN", "null", " ?", "  NA ", "#N/A"])
def test_what_is_missing_among_numbers_texts_and_booleans(table, word):
    path = table(f"a,b,c,y\n1,x,TRUE,1\n{word},{word},{word},2\n3,z,false,{word}\n5,x,True,4\n")
    found = read(path)
    assert shown(found) == {
        "a": ("numbers", [1, None, 5]),
        "b": ("texts", ["x", None, "x"]),
        "c": ("booleans", [1, None, 1]),
    }
    assert values(found.target) == [1, 2, 4]
    assert found.notes == ["rows without 'y' are left out: 1, the first is row 4"]


def test_missing_classes(table):
    found = read(table("a,y\n1,yes\n2,?\n3,no\n4,NA\n5,yes\n"))
    assert values(found.target) == ["yes", "no", "yes"]
    assert values(found.columns["a"]) == [1, 3, 5]
    assert found.notes == ["rows without 'y' are left out: 2, the first is row 3"]


@pytest.mark.parametrize(
    ("cells", "days", "form"),
    [
        (["1970-01-02", "2020-02-29"], [1, 18321], "year first"),
        (["1970/1/2", "2020/2/29"], [1, 18321], "year first"),
        (["2.1.1970", "29.2.2020"], [1, 18321], "day first"),
        (["02.01.1970", "03.01.1970"], [1, 2], "day first"),
        (["02/01/1970", "29/02/2020"], [1, 18321], "day first"),
        (["01/02/1970", "02/29/2020"], [1, 18321], "month first"),
        (["01/01/1970", "02/02/1970"], [0, 32], "day first"),  # both ways give the same
        (["1970-01-02T12:00:00Z", "1970-01-02 18:00"], [1.5, 1.75], "year first"),
        (["1969-12-31 12:00:00.000", ""], [-0.5, None], "year first"),
    ],
)
def test_dates(table, cells, days, form):
    column = read(table("when,y\n" + "".join(f"{cell},{i}\n" for i, cell in enumerate(cells)))).columns["when"]
    assert (column.kind, column.form, values(column)) == ("dates", form, days)


def test_dates_that_nobody_can_tell(table):
    column = read(table("when,y\n01/02/2020,1\n03/04/2020,2\n")).columns["when"]
    assert column.kind == "none"
    assert "2020-01-31" in column.form


def test_commas_within_numbers_do_not_outweigh_semicolons(table):
    found = read(table("5,1;3,2;1,0\n4,2;2,5;2,5\n"), "c3", header=False)
    assert shown(found) == {"c1": ("numbers", [5.1, 4.2]), "c2": ("numbers", [3.2, 2.5])}


def test_what_begins_with_zero_has_no_thousands(table):
    found = read(table('a,b,y\n"0,123",0.5,1\n"0,123",1.5,2\n'))
    assert shown(found)["a"] == ("texts", ["0,123", "0,123"])


def test_columns_by_name(table):
    path = table("a,kind,b\n1,x,2\n-3e2,y, 4.5 \n")
    found = read(path, "kind")
    assert shown(found) == {"a": ("numbers", [1, -300]), "b": ("numbers", [2, 4.5])}
    assert values(found.target) == ["x", "y"]
    assert list(read(path, "a", features=("kind",)).columns) == ["kind"]
    assert list(read(path, "a", ignore=("kind",)).columns) == ["b"]
    assert shown(read(path, "kind", categorical=("b",)))["b"] == ("texts", ["2", "4.5"])


def test_ignored_columns_may_hold_anything(table):
    found = read(table("name,a,y\nx7,1,2\n3,,4\n,5,4\n4,1,2\n"), ignore=("name",))
    assert list(found.columns) == ["a"]


def test_columns_without_a_name_get_one(table):
    assert list(read(table(",a,,y\n0,1,2,3\n1,2,3,4\n")).columns) == ["column 1", "a", "column 3"]


IRIS = "5.1,3.5,Iris-x\n4.1,2.5,Iris-x\n6.1,2.5,Iris-y\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (IRIS, "the first row holds the number 5.1"),
        ("1,2,3\n4,5,6\n", "the first row holds numbers"),
        ("1,2,Iris-x\n1,3,Iris-x\n2,4,Iris-y\n", "'Iris-x' stands in the first row and in others below"),
        ("red,yes\ngreen,no\nred,yes\n", "'red' stands in the first row"),
    ],
)
def test_a_header_that_is_data(table, text, reason):
    with pytest.raises(TableError, match=f"no header: {reason}.*--no-header"):
        read(table(text))
    names = list(read(table(text), "c1", header=False).columns)
    assert names == ["c2", "c3"][: len(names)]


def test_a_header_of_years_is_one(table):
    assert list(read(table("country,2019,2020,y\nx,1,2,3\nz,4,5,6\n")).columns) == ["country", "2019", "2020"]
    path = table("2019,2020,y\n1,2,3\n4,5,6\n1,1,1\n")
    assert list(read(path).columns) == ["2019", "2020"]
    assert list(read(table("0.5,0.9,y\n1,2,3\n4,5,6\n"), header=True).columns) == ["0.5", "0.9"]


def test_without_a_header_no_row_is_lost(table):
    found = read(table(IRIS), "c3", header=False)
    assert shown(found) == {"c1": ("numbers", [5.1, 4.1, 6.1]), "c2": ("numbers", [3.5, 2.5, 2.5])}
    with pytest.raises(TableError, match="'bad' in column 'c1', row 4,"):
        read(table(IRIS + "bad,1,Iris-y\n"), "c3", header=False)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("a,b,y\n", "too few rows: there is a header and nothing below it"),
        ("a,b,b,y\n1,2,3,4\n", "two columns are called 'b'"),
        ("y\n1\n", "no column is left"),
        ("a,b,y\n1,2,0\n\n3,4\n", "row 4 has 2 cells where the header has 3"),
        ("a,b,y\n1,2,0\n3,4,1,9\n", "row 3 has 4 cells where the header has 3"),
        ('a,b,y\n1,"2\n2",0\n\n3,4\n', "row 4 has 2 cells where the header has 3"),
        ("a,b,y\n1,2,0\n3,4,1\n3,x7,1\n", "the text 'x7' in column 'b', row 4, where a number is expected; --categ"),
        ("a,b,y\n1,2,0\n\n3,4,1\n3,x7,1\n", "'x7' in column 'b', row 5"),
        ('a,b,y\n"u\nv\nw",2,0\n"u\n",4,1\nu,x7,1\n', "'x7' in column 'b', row 4"),  # cells with line breaks
        ("a,b,y\n1,-inf,0\n", "the value '-inf' in column 'b', row 2 is not a finite number"),
        ("a,b,y\n1,2,0\n\n2,1e999,0\n", "the value '1e999' in column 'b', row 4 is not a finite number"),
        ("a,b,y\n1,2,3\n3,4,5\n5,6,oops\n", "the text 'oops' in column 'y', row 4, where a number.*--classify"),
        (
            "d,y\n2020-01-31,3\n2020-02-30,5\n2020-03-01,5\n",
            r"the text '2020-02-30' in column 'd', row 3.*a date \(year",
        ),
        ("a,y\n1,?\n2,NA\n", "the target 'y' is missing in every row"),
        ('a,b,y\n1,2,"0\n', "row 2 is not CSV: unexpected end of data"),
        ('a,b,y\n1,2,0\n3,"4,1\n5,6,1\n', "row 3 is not CSV: unexpected end of data"),
        (b"a,b,y\n1,\xff,0\n", "not text in UTF-8"),
        (b"a,b,y\n" + b"1,z,0\n" * 100_000 + b"1,\xff,0\n", "not text in UTF-8"),
        (b"\xff\xfea\x00", "not text in UTF-8"),
        (b"PK\x03\x04 and so on", "a workbook or an archive, not a table; save the sheet as CSV"),
        (b"PAR1 and so on", "a damaged Parquet file"),
        (b"\x1f\x8b and so on", r"a damaged \.gz file"),
        ("x,z\n1,2\n", "no column 'y'; there are 'x', 'z'"),
        ("a,yy\n1,2\n", "no column 'y'; did you mean 'yy'?"),
    ],
)
def test_what_is_wrong_and_where(table, text, problem):
    with pytest.raises(TableError, match=rf"^\S*data\.csv: .*{problem}") as caught:
        read(table(text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cell", ["bad", "inf"])
def test_a_bad_cell_far_down(table, cell):
    text = "b,a,y\n" + "".join(f'"x\n{i % 3}",{i},1\n' for i in range(2, 60_000)) + f"x,{cell},1\n"
    with pytest.raises(TableError, match=f"'{cell}' in column 'a', row 60000"):
        read(table(text))


def test_numbers_that_begin_as_something_else(table):
    """Pages of nothing, and a number with its thousands apart, after what the sample shows."""
    text = "a,b,y\n" + ",7,1\n" * 100_000 + '5,"1,000",2\n'
    found = read(table(text))
    assert [values(column)[-1] for column in found.columns.values()] == [5, 1000]
    assert [values(column)[0] for column in found.columns.values()] == [None, 7]


def test_a_row_longer_than_a_block(table):
    documents = [f"{i} " + "x," * 2**21 for i in range(3)]
    found = read(table("a,text,y\n" + "".join(f'{i},"{text}",{i}\n' for i, text in enumerate(documents))))
    assert shown(found) == {"a": ("numbers", [0, 1, 2]), "text": ("texts", documents)}


def test_a_header_longer_than_the_sample(table):
    names = [f"a_long_name_{i}" for i in range(20_000)]
    found = read(table("\n".join([",".join([*names, "y"]), ",".join("7" * 20_001), ",".join("8" * 20_001)])))
    assert list(found.columns) == names
    assert values(found.columns[names[-1]]) == [7, 8]


def test_missing_feature_or_ignored_column(table):
    path = table("a,b\n1,2\n")
    for option in "features", "ignore", "categorical":
        with pytest.raises(TableError, match="no column 'aa'; did you mean 'a'"):
            read(path, "b", **{option: ("aa",)})
    with pytest.raises(TableError, match=r"which column is to be predicted.*'a', 'b'"):
        read(path, None)


def test_no_such_file(tmp_path):
    for name in "data.csv", "data.npz", "data.parquet":
        with pytest.raises(FileNotFoundError):
            read(tmp_path / name)


TEXT = "a,y\n1,2\n3,4\n"


def test_gz(table):
    assert shown(read(table(gzip.compress(TEXT.encode()), "data.csv.gz"))) == {"a": ("numbers", [1, 3])}
    with pytest.raises(TableError, match="'bad' in column 'a', row 4"):
        read(table(gzip.compress((TEXT + "bad,1\n").encode()), "data.csv.gz"))
    cut = gzip.compress(("a,y\n" + "1,2\n" * 3 * 10**5).encode())[:-20]
    with pytest.raises(TableError, match=r"a damaged \.gz file|not CSV"):
        read(table(cut, "data.csv.gz"))


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(monkeypatch, packed):
    content = TEXT.encode() + b"bad,1\n"
    for text in content[:12], content:
        stream = io.BytesIO(gzip.compress(text) if packed else text)
        monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": stream}))
        if text is content:
            with pytest.raises(TableError, match=r"^standard input: the text 'bad' in column 'a', row 4"):
                read("-")
        else:
            assert shown(read("-")) == {"a": ("numbers", [1, 3])}


@pytest.mark.skipif(os.name == "nt", reason="no named pipes of this kind")
def test_a_pipe_is_read_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writing = threading.Thread(target=(tmp_path / "pipe").write_text, args=(TEXT,))
    writing.start()
    assert shown(read(tmp_path / "pipe")) == {"a": ("numbers", [1, 3])}
    writing.join()


def parquet(path, **columns):
    importlib.import_module("pyarrow.parquet").write_table(pa.table(columns), path, row_group_size=2)
    return path


def test_parquet(tmp_path):
    import datetime

    moments = [datetime.datetime(1970, 1, 2, 12), None, datetime.datetime(2020, 2, 29)]
    found = read(
        parquet(
            tmp_path / "data",  # known by its content
            whole=pa.array([1, 2, None], pa.int32()),
            small=pa.array([1.5, float("nan"), 2.5], pa.float32()),
            exact=pa.array([Decimal("1.25"), None, Decimal("2.50")]),
            flag=[True, None, False],
            kind=pa.array(["x", "z", "x"]).dictionary_encode(),
            text=["1,000", "NA", "7"],
            when=moments,
            day=pa.array([0, 1, None], pa.date32()),
            zone=pa.array([0, 43_200_000, None], pa.timestamp("ms", "Europe/Paris")),
            many=[[1], [2], [3]],
            y=["no", "yes", "no"],
        )
    )
    assert shown(found) | {"many": None} == {
        "whole": ("numbers", [1, 2, None]),
        "small": ("numbers", [1.5, None, 2.5]),
        "exact": ("numbers", [1.25, None, 2.5]),
        "flag": ("booleans", [1, None, 0]),
        "kind": ("texts", ["x", "z", "x"]),
        "text": ("numbers", [1000, None, 7]),
        "when": ("dates", [1.5, None, 18321]),
        "day": ("dates", [0, 1, None]),
        "zone": ("dates", [0, 0.5, None]),
        "many": None,
    }
    assert re.match("it holds list<", found.columns["many"].form)
    assert values(found.target) == ["no", "yes", "no"]


def test_a_parquet_file_says_where(tmp_path):
    path = parquet(tmp_path / "data.parquet", a=["1", "2", "bad"], b=[1.0, float("inf"), 2.0], y=[1, 2, 3])
    with pytest.raises(TableError, match="'bad' in column 'a', row 3"):
        read(path)
    with pytest.raises(TableError, match="'inf' in column 'b', row 2 is not"):
        read(path, features=("b",))
    with pytest.raises(TableError, match="no column 'z'; there are 'a', 'b', 'y'"):
        read(path, "z")


def test_a_part_of_a_column_is_where_it_is():
    arrow = importlib.import_module("fastshallow.command.tables.arrow")
    for column in pa.array([7.0, None, 2.5, 1.0]), pa.array([7, None, 2, 1], pa.int32()):
        expected = [-1.0 if value is None else value for value in column.to_pylist()]
        for start in range(4):
            np.testing.assert_array_equal(arrow._array(column.slice(start, 2), -1), expected[start : start + 2])


@pytest.fixture
def without_pyarrow(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "pyarrow" else find(name, *more)
    )


@pytest.mark.parametrize("name", ["data.csv", "data.csv.gz"])
def test_plain_numbers_need_no_pyarrow(table, without_pyarrow, name):
    text = '\ufeffa;"b c";y\n\n1;2;1e3\n-.5;"4";0\n'.encode()
    found = read(table(gzip.compress(text) if name.endswith("gz") else text, name))
    assert shown(found) == {"a": ("numbers", [1, -0.5]), "b c": ("numbers", [2, 4])}
    assert values(found.target) == [1000, 0]
    assert shown(read(table("1;2\n3;4\n"), "c2", header=False)) == {"c1": ("numbers", [1, 3])}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a,b,y\n1,2,0\n3,x7,1\n", "the text 'x7' in column 'b', row 3"),
        ("a,b,y\n1,2,0\n\n,4,1\n", "a missing value in column 'a', row 4"),
        ("a,b,y\n1,20_29,0\n3,4,1\n", "the text '20_29' in column 'b', row 2"),
        ("a,b,y\n1,2,0\n3,\u0663,1\n", "the text '\u0663' in column 'b', row 3"),
        ("a;y\n1,5;2\n", "numbers with a decimal comma"),
        (b"PAR1", "needs pyarrow"),
    ],
)
def test_without_pyarrow_the_rest_names_the_extra(table, without_pyarrow, text, problem):
    with pytest.raises(TableError, match=rf'{problem}.*pip install "fastshallow\[table\]"'):
        read(table(text))


def test_without_pyarrow_texts_that_are_asked_for_name_the_extra(table, without_pyarrow):
    with pytest.raises(TableError, match=r'column \'a\' is to be read as texts.*pip install "fastshallow\[table\]"'):
        read(table(TEXT), categorical=("a",))


def test_other_packing_is_no_text(table):
    with pytest.raises(TableError, match="not text in UTF-8"):
        read(table(bz2.compress(TEXT.encode())))


def learn(values, classify=False):
    texts = isinstance(values[0], str)
    kinds, codes = np.unique(values, return_inverse=True)
    column = Column("y", codes, "texts", tuple(map(str, kinds))[::-1]) if texts else Column("y", np.array(values))
    column = column._replace(values=len(kinds) - 1 - codes) if texts else column  # texts in no particular order
    return tables.learn_target("data.csv", column, "y", classify)


@pytest.mark.parametrize(
    ("values", "classify", "output", "classes", "Y"),
    [
        (["no", "yes", "no"], False, "sigmoid", ("no", "yes"), [[0, 1, 0]]),
        ([0.0, 1.0, 1.0], False, "sigmoid", ("0", "1"), [[0, 1, 1]]),
        ([2.5, -1.0, 2.5], False, "sigmoid", ("-1", "2.5"), [[1, 0, 1]]),
        (["b", "a", "c", "a", "b", "c"], False, "softmax", ("a", "b", "c"), np.eye(3)[:, [1, 0, 2, 0, 1, 2]]),
        ([3.0, 1.0, 2.0], False, "identity", (), [[3, 1, 2]]),
        ([3.0, 1.0, 2.0, 1.0, 2.0, 3.0], True, "softmax", ("1", "2", "3"), np.eye(3)[:, [2, 0, 1, 0, 1, 2]]),
    ],
)
def test_the_target_decides_the_output(values, classify, output, classes, Y):
    learnt = learn(values, classify)
    assert (learnt[1], learnt[2].classes, learnt[2].name) == (output, classes, "y")
    np.testing.assert_array_equal(learnt[0], Y)


def test_targets_that_teach_nothing():
    with pytest.raises(TableError, match="'y' is constant: 3 in every row"):
        learn([3.0, 3.0])
    with pytest.raises(TableError, match="'y' is constant: yes in every row"):
        learn(["yes", "yes"])
    with pytest.raises(TableError, match="too few rows of each class: the target 'y' has 3 different values in 3 rows"):
        learn(["a", "b", "c"])


def test_numbers_as_classes_stand_in_their_order():
    assert learn([10.0, 9.0, 10.0, 9.0, 100.0, 100.0], classify=True)[2].classes == ("9", "10", "100")


def test_standardization():
    X = np.array([[1.0, 2, 3], [5, 5, 5], [0.1, 0.1, 0.1]])
    mean, scale = tables.standardization(X, "data.csv", ["a", "b", "c"])
    np.testing.assert_allclose(mean, [[2], [5], [0.1]])
    np.testing.assert_allclose(scale, [[np.sqrt(2 / 3)], [1], [1]])
    for wild in 1e300, 1e-300:
        with pytest.raises(TableError, match="column 'b' is too large or too small"):
            tables.standardization(np.array([[1.0, 2], [-wild, wild]]), "data.csv", ["a", "b"])


@pytest.fixture
def npz(tmp_path):
    def write(**members):
        np.savez(tmp_path / "data.npz", **members)
        return tmp_path / "data.npz"

    return write


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "bool"])
def test_npz(npz, dtype):
    X, Y = np.array([[1, 0, 1], [0, 0, 1]], dtype=dtype), np.array([[0, 1, 0]])
    for shape in (1, 3), (3,):
        found = read(npz(X=X, Y=Y.reshape(shape)), None)
        assert shown(found) == {"x0": ("numbers", [1, 0, 1]), "x1": ("numbers", [0, 0, 1])}
        assert found.columns["x0"].values.dtype == ("float32" if dtype == "float32" else "float64")
        assert values(found.target) == [0, 1, 0]
    assert list(read(npz(X=X, Y=Y), "Y", ignore=("x0",)).columns) == ["x1"]
    with pytest.raises(TableError, match="no column 'x7'; there are 'x0', 'x1', 'Y'"):
        read(npz(X=X, Y=Y), "Y", ignore=("x7",))


@pytest.mark.parametrize(
    ("Y", "output"),
    [
        ([[0, 1, 0], [1, 0, 1]], "softmax"),
        ([[0, 1, 0], [1, 1, 0]], "sigmoid"),
        ([[0, 1.5, 0], [1, 1, 0]], "identity"),
    ],
)
def test_several_targets(npz, Y, output):
    found = read(npz(X=np.zeros((2, 3)), Y=np.array(Y)), "Y")
    learnt, chosen, _ = tables.learn_target("data.npz", found.target, "Y")
    np.testing.assert_array_equal(learnt, Y)
    assert chosen == output


def test_texts_in_an_npz(npz):
    found = read(npz(X=np.zeros((2, 4)), Y=np.array([["a", "b", "a", "b"]])), "Y")
    assert tables.learn_target("data.npz", found.target, "Y")[2].classes == ("a", "b")


def test_constant_row_of_an_npz(npz):
    found = read(npz(X=np.zeros((1, 2)), Y=np.array([[1, 2], [3, 3]])), "Y")
    with pytest.raises(TableError, match=r"the target is constant in Y\[1\]"):
        tables.learn_target("data.npz", found.target, "Y")


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"A": np.zeros(3)}, "needs an array X"),
        ({"X": np.zeros((2, 3))}, "needs an array X .* and an array Y"),
        ({"X": np.zeros(3), "Y": np.zeros(3)}, "X must be numbers"),
        ({"X": np.array([["a"]]), "Y": np.zeros(1)}, "X must be numbers"),
        ({"X": np.zeros((3, 2)), "Y": np.zeros(3)}, r"Y must be \(n_y, m\) or \(m,\) with the m = 2 of X"),
        ({"X": np.zeros((2, 0)), "Y": np.zeros(0)}, "X must be numbers"),
        ({"X": np.array([[1, np.inf]]), "Y": np.zeros(2)}, r"the value inf in X\[0, 1\] is not a finite number"),
        ({"X": np.zeros((1, 2)), "Y": np.array([1, np.nan])}, "the value nan in Y is not"),
        ({"X": np.zeros((1, 2)), "Y": np.array([None, 1], dtype=object)}, r"not an \.npz file, or a damaged one"),
        ({"X": np.zeros((1, 2)), "Y": np.array([1j, 1])}, "Y must be numbers or texts"),
    ],
)
def test_what_is_wrong_with_an_npz(npz, members, problem):
    with pytest.raises(TableError, match=rf"data\.npz: .*{problem}"):
        read(npz(**members), "Y")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04 no more"])
def test_not_an_npz(tmp_path, content):
    (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(TableError, match=r"not an \.npz file, or a damaged one"):
        read(tmp_path / "data.npz", "Y")


CELLS = st.text(alphabet=',;|\t"\n\r xz\u00e9-', max_size=6)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), separator=st.sampled_from(",;\t|"))
def test_what_a_csv_writer_writes_is_read_again(rows, separator):
    """Quotes, separators and line breaks in cells, blank cells, a header beside them that says the separator."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
    writer.writerows([["first", "second", "third", "y"], *([*row, "t", i] for i, row in enumerate(rows))])
    expected = [[cell.strip() or None for cell in column] for column in zip(*rows, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.csv")
        path.write_text(file.getvalue(), encoding="utf-8", newline="")
        found = read(path, features=("first", "second"))
        assert [values(column.as_texts()) for column in found.columns.values()] == expected
        path.write_text(file.getvalue() + separator.join(["", "", "t", "bad"]), encoding="utf-8", newline="")
        if len(rows) > 1:
            with pytest.raises(TableError, match=f"'bad' in column 'y', row {len(rows) + 2}"):
                read(path)
