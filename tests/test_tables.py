"""Tables are read right, or refused in one line that says what is wrong and where."""

import numpy as np
import pytest

from fastshallow.command import tables
from fastshallow.command.tables import TableError


@pytest.fixture
def table(tmp_path):
    """Write a text, or bytes, as data.csv; return its path."""

    def write(content):
        path = tmp_path / "data.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_columns_by_name(table):
    path = table("a,kind,b\n1,x,2\n-3e2,y, 4.5 \n")
    read = tables.read(path, "kind")
    assert read.names == ("a", "b")
    np.testing.assert_array_equal(read.X, [[1, -300], [2, 4.5]])
    np.testing.assert_array_equal(read.target, ["x", "y"])
    assert read.X.dtype == np.float64
    assert tables.read_header(path) == ["a", "kind", "b"]


def test_features_in_the_order_asked_for_whatever_else_is_there(table):
    read = tables.read(table("a,text,b\n1,x,2\n3,,4\n"), features=["b", "a"])
    assert read.names == ("b", "a")
    assert read.target is None
    np.testing.assert_array_equal(read.X, [[2, 4], [1, 3]])


def test_ignored_columns_may_hold_anything(table):
    assert tables.read(table(",name,a,y\n0,x,1,2\n1,,3,4\n"), "y", ignore=["name", ""]).names == ("a",)


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
    ],
)
def test_dialects(table, text):
    read = tables.read(table(text), "y")
    np.testing.assert_array_equal(read.X, [[1, 3]])
    np.testing.assert_array_equal(read.target, [2, 4])


def test_more_rows_than_a_block(table):
    m = 2 * tables.ROWS + 3
    read = tables.read(table("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(m))), "y")
    np.testing.assert_array_equal(read.X, [np.arange(m)])
    np.testing.assert_array_equal(read.target, np.arange(m) % 2)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("1,2,3\n4,5,6\n", "no header"),
        ("a,b,y\n", "too few rows: there is a header and nothing below it"),
        ("a,b,b,y\n1,2,3,4\n", "two columns are called 'b'"),
        ("a,,y\n1,2,3\n", 'column 2 has no name.*--ignore ""'),
        ("y\n1\n", "no column is left"),
        ("a,b,y\n1,2,0\n\n3,4\n", "row 4 has 2 cells where the header has 3"),
        ("a,b,y\n1,2,0\n3,4,1,9\n", "row 3 has 4 cells where the header has 3"),
        ("a,b,y\n1,2,0\n3,x7,1\n", "the text 'x7' in column 'b', row 3, where a number is expected; --ignore"),
        ("a,b,y\n1,2,0\n\n3,x7,1\n", "'x7' in column 'b', row 4"),
        ("a,b,y\n1,,0\n", "a missing value in column 'b', row 2"),
        ("a,b,y\n1,nan,0\n", "the value 'nan' in column 'b', row 2 is not a finite number"),
        ("a,b,y\n1,-inf,0\n", "the value '-inf' in column 'b', row 2 is not a finite number"),
        ("a,b,y\n1,2,\n3,4,1\n5,6,2\n", "a missing value in column 'y', row 2"),
        ("a,b,y\n1,2,x\n3,4,\n", "a missing value in column 'y', row 3"),
        ("a,b,y\n1,2,3\n3,4,nan\n", "the value 'nan' in column 'y', row 3 is not a finite number"),
        ("a,b,y\n1,2,3\n3,4,5\n5,6,oops\n", "the text 'oops' in column 'y', row 4"),
        ('a,b,y\n1,2,"0\n', "row 2 is not CSV"),
        (b"a,b,y\n1,\xff,0\n", "not text in UTF-8"),
        (b"\xff\xfea\x00", "not text in UTF-8"),
        ("x,z\n1,2\n", "no column 'y'; there are 'x', 'z'"),
        ("a,yy\n1,2\n", "no column 'y'; did you mean 'yy'?"),
    ],
)
def test_what_is_wrong_and_where(table, text, problem):
    with pytest.raises(TableError, match=rf"^\S*data\.csv: .*{problem}") as caught:
        tables.read(table(text), "y")
    assert "\n" not in str(caught.value)


def test_a_bad_cell_far_down(table):
    row = tables.ROWS + 100
    text = "a,y\n" + "".join(f"{i},1\n" for i in range(2, row)) + "bad,1\n"
    with pytest.raises(TableError, match=f"'bad' in column 'a', row {row},"):
        tables.read(table(text), "y")


def test_missing_feature_or_ignored_column(table):
    path = table("a,b\n1,2\n")
    with pytest.raises(TableError, match="no column 'c'"):
        tables.read(path, features=["a", "c"])
    with pytest.raises(TableError, match="no column 'aa'; did you mean 'a'"):
        tables.read(path, ignore=["aa"])


def test_no_such_file(tmp_path):
    for name in "data.csv", "data.npz":
        with pytest.raises(FileNotFoundError):
            tables.read(tmp_path / name, "y")


def test_long_lists_of_columns_are_shortened():
    names = [f"c{i}" for i in range(100)]
    assert tables.listed(names, 5) == "'c0', 'c1', 'c2', ... (95 more), 'c98', 'c99'"
    assert tables.listed(names[:3], 3) == "'c0', 'c1', 'c2'"


def learn(values, classify=False):
    values = np.array(values)
    return tables.learn_target(tables.Table("data.csv", ("a",), np.zeros((1, len(values))), values), "y", classify)


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
        read = tables.read(npz(X=X, Y=Y.reshape(shape)), "Y")
        assert read.names == ("x0", "x1")
        assert read.X.dtype == ("float32" if dtype == "float32" else "float64")
        np.testing.assert_array_equal(read.X, X)
        np.testing.assert_array_equal(read.target, Y[0])


def test_npz_without_a_target_and_by_name(npz):
    path = npz(X=np.arange(6.0).reshape(3, 2))
    assert tables.read(path).target is None
    np.testing.assert_array_equal(tables.read(path, features=["x2", "x0"]).X, [[4, 5], [0, 1]])


@pytest.mark.parametrize(
    ("Y", "output"),
    [
        ([[0, 1, 0], [1, 0, 1]], "softmax"),
        ([[0, 1, 0], [1, 1, 0]], "sigmoid"),
        ([[0, 1.5, 0], [1, 1, 0]], "identity"),
    ],
)
def test_several_targets(npz, Y, output):
    read = tables.read(npz(X=np.zeros((2, 3)), Y=np.array(Y)), "Y")
    learnt, chosen, _ = tables.learn_target(read, "Y")
    np.testing.assert_array_equal(learnt, Y)
    assert chosen == output


def test_texts_in_an_npz(npz):
    read = tables.read(npz(X=np.zeros((2, 4)), Y=np.array([["a", "b", "a", "b"]])), "Y")
    assert tables.learn_target(read, "Y")[2].classes == ("a", "b")


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
        tables.read(npz(**members), "Y")


def test_constant_row_of_an_npz(npz):
    read = tables.read(npz(X=np.zeros((1, 2)), Y=np.array([[1, 2], [3, 3]])), "Y")
    with pytest.raises(TableError, match=r"the target is constant in Y\[1\]"):
        tables.learn_target(read, "Y")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04 no more"])
def test_not_an_npz(tmp_path, content):
    (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(TableError, match=r"not an \.npz file, or a damaged one"):
        tables.read(tmp_path / "data.npz", "Y")
