"""Data that are read block by block: from every source the same rows, in an order that a key decides, or one error."""

import pickle
import sys
import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest

import fastshallow as fs
import fastshallow.data
from fastshallow.data import Windows, computing, scales
from fastshallow.data.scales import Moments

M, N_X = 101, 3
X = np.random.default_rng(1).standard_normal((M, N_X)).astype(np.float32)
Y = np.arange(M, dtype=np.float32)


class OnDisk:
    """What HDF5 and Zarr give: shape, dtype and slices of rows."""

    def __init__(self, a, chunks=None):
        self._a, self.shape, self.dtype, self.chunks, self.slices = a, a.shape, a.dtype, chunks, []

    def __getitem__(self, rows):
        self.slices.append((rows.start, rows.stop))
        return self._a[rows].copy()


class Again:
    """Blocks that come anew each time, in their order."""

    def __init__(self, *blocks):
        self.blocks, self.given = blocks, 0

    def __iter__(self):
        for block in self.blocks:
            self.given += 1
            yield block


def cut(sizes, x=X, y=Y):
    ends = np.cumsum(sizes)
    return [(x[end - size : end], y[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def readers():
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name == "fastshallow reader"]


def array_sources(folder):
    path = folder / "x.npy"
    np.save(path, X)
    blocks = cut([40, 1, 60])
    return {
        "array": fs.Blocks(X, Y),
        "small": fs.Blocks(X, Y, memory=2000),
        "columns": fs.Blocks(np.asfortranarray(X), Y[:, None], memory=2000),
        "memmap": fs.Blocks(np.load(path, mmap_mode="r"), Y),
        "disk": fs.Blocks(OnDisk(X), OnDisk(Y), memory=2000),
        "chunks": fs.Blocks(OnDisk(X, (7, 2)), Y, memory=2000),
        "list": fs.Blocks(blocks),
        "again": fs.Blocks(Again(*blocks)),
        "function": fs.Blocks(lambda: iter(blocks)),
    }


def arrow_sources(folder):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    import pyarrow.dataset

    columns = {"a": X[:, 0], "y": Y, "b": X[:, 1], "c": X[:, 2]}
    table = pa.table(columns)
    path, other = folder / "one.parquet", folder / "many"
    other.mkdir()
    pq.write_table(table, path, row_group_size=17)
    pq.write_table(table[:50], other / "0.parquet")
    pq.write_table(table[50:], other / "1.parquet", row_group_size=20)
    chunked = pa.concat_tables([table[:30], table[30:31], table[31:]])
    given = {
        "path": path,
        "text": str(path),
        "folder": other,
        "files": [other / "0.parquet", other / "1.parquet"],
        "dataset": pyarrow.dataset.dataset(path),
        "table": chunked,
        "batches": lambda: chunked.to_reader(13),
        "tables": [table[:44], table[44:]],
    }
    return {name: fs.Blocks(source, target="y", memory=3000) for name, source in given.items()}


ARRAYS = ("array", "small", "columns", "memmap", "disk", "chunks", "list", "again", "function")
ARROW = ("path", "text", "folder", "files", "dataset", "table", "batches", "tables")


def all_of(pieces):
    pieces = list(pieces)
    return np.concatenate([piece.X for piece in pieces]), np.concatenate([piece.Y for piece in pieces])


@pytest.mark.parametrize("name", (*ARRAYS, *ARROW))
def test_every_source_gives_all_rows_in_order_and_in_any(name, tmp_path):
    blocks = (array_sources if name in ARRAYS else arrow_sources)(tmp_path)[name]
    for _ in range(2):
        x, y = all_of(blocks.pieces())
        np.testing.assert_array_equal(x, X)
        np.testing.assert_array_equal(y, Y[:, None])
        assert x.dtype == y.dtype == np.float32 and blocks.shape == (N_X, M)
    x, y = all_of(blocks.pieces(np.random.default_rng(3)))
    order = y[:, 0].astype(int)
    np.testing.assert_array_equal(x, X[order])
    np.testing.assert_array_equal(np.sort(order), np.arange(M))
    in_order = name in ("array", "memmap", "again", "function", "batches")  # one block, or no order but their own
    assert (order == np.arange(M)).all() == in_order


def test_arrays_of_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["X"], file["Y"] = X, Y
        x, y = all_of(fs.Blocks(file["X"], file["Y"], memory=2000).pieces())
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y[:, 0], Y)


def test_arrays_of_zarr():
    zarr = pytest.importorskip("zarr")
    x, _ = all_of(fs.Blocks(zarr.array(X, chunks=(10, 2)), Y, memory=2000).pieces())
    np.testing.assert_array_equal(x, X)


def test_what_is_read_at_a_time_is_a_part_of_the_memory_or_whole_chunks():
    for chunks, rows in (None, 5), ((8, 3), 8), ((2, 3), 4), (((8, 8), (3,)), 5):
        source = OnDisk(X, chunks)
        all_of(fs.Blocks(source, Y, memory=32 * 60).pieces())  # 60 bytes are 5 rows
        assert {b - a for a, b in source.slices[:-1]} == {rows}


def taken(window):
    """The labels of a window's examples in the order in which they are taken."""
    return window.Y[0] if window.order is None else window.Y[0][window.order - window.first]


def order_of(windows, epoch, m=M, position=0):
    """The examples of an epoch as they are taken; each window's X is theirs."""
    order = []
    while position < m:
        window = windows.at(epoch, position)
        np.testing.assert_array_equal(window.X, X[window.Y[0].astype(int)].T)
        order += taken(window).astype(int)[position - window.first :].tolist()
        position = window.end
    return order


@pytest.mark.parametrize("batch", [1, 4, 7, 30, M, 500])
@pytest.mark.parametrize("sizes", [[M], [1] * M, [40, 1, 60], [30, 30, 30, 11]])
def test_windows_are_of_whole_batches_whatever_the_blocks(batch, sizes):
    memory = max(1500, batch * 64)
    windows = Windows(fs.Blocks(Again(*cut(sizes)), memory=memory), batch, M)
    for epoch in range(3):
        assert order_of(windows, epoch) == list(range(M))
        position = 0
        while position < M:
            window = windows.at(epoch + 1, position) if position else windows.at(epoch + 1, 0)
            assert window.first % batch == 0 and (window.end % batch == 0 or window.end == M)
            position = window.end
        windows.close()
        windows = Windows(fs.Blocks(cut(sizes), memory=memory), batch, M, epoch=epoch + 1)
    windows.close()


def mixed(key, memory=2000, **options):
    return Windows(fs.Blocks(OnDisk(X), Y, memory=memory), 5, M, key, **options)


def test_a_key_decides_the_order_and_each_epoch_has_its_own():
    windows, again, other = mixed(1), mixed(1), mixed(2)
    orders = [order_of(windows, epoch) for epoch in range(3)]
    assert all(sorted(order) == list(range(M)) for order in orders)
    assert len(set(map(tuple, orders))) == 3
    assert [order_of(again, epoch) for epoch in range(3)] == orders
    assert order_of(other, 0) != orders[0]
    for each in (windows, again, other):
        each.close()


@pytest.mark.parametrize("position", [0, 5, 40, 95, 100])
def test_reading_goes_on_from_any_example_of_an_epoch(position):
    windows, later = mixed(1, memory=1000), mixed(1, memory=1000, epoch=2, position=position)
    whole = [order_of(windows, epoch) for epoch in range(4)]
    assert order_of(later, 2, position=position) == whole[2][position:]
    assert order_of(later, 3) == whole[3]
    windows.close()
    later.close()


def test_examples_of_a_buffer_are_mixed_and_come_from_many_places():
    m = 4096
    x, y = np.zeros((m, 2), np.float32), np.arange(m, dtype=np.float32)
    windows = Windows(fs.Blocks(x, y, memory=32 * 1024), 8, m, 3)
    window = windows.at(0, 0)
    order = taken(window)
    windows.close()
    assert len(order) < m // 2
    assert np.mean(np.diff(window.Y[0]) == 1) > 0.95  # they lie as they were read
    blocks = np.unique(order // 128)  # 1024 bytes are 128 rows
    assert len(blocks) >= 5 and np.diff(blocks).max() > 1
    neighbours = np.mean(np.diff(order) == 1)
    assert neighbours < 0.02
    batches = order[: len(order) // 8 * 8].reshape(-1, 8) // 128
    assert np.mean([len(set(batch)) for batch in batches]) > 4  # of at most 8


def test_each_window_has_an_order_of_its_own():
    windows = Windows(fs.Blocks(Again(*cut([M])), memory=1000), 5, M, 3)
    seen = list(zip(windows, range(3), strict=False))
    windows.close()
    orders = [window.order - window.first for window, _ in seen]
    assert len(orders[0]) == len(orders[1]) < M / 3
    assert all(np.array_equal(np.sort(each), np.arange(len(each))) for each in orders)
    assert not any(np.array_equal(orders[0], each) for each in orders[1:])


def test_one_thread_reads_two_windows_ahead_and_no_more():
    source = Again(*cut([1] * M))
    windows = Windows(fs.Blocks(source, memory=500), 1, M)
    size = windows.at(0, 0).end
    assert len(readers()) == 1 and 4 * size < M
    for first in range(2):
        end = time.perf_counter() + 2.0
        most = (2 + first) * size + 2  # and the head, and a block that waits
        while source.given < most - 1 and time.perf_counter() < end:
            time.sleep(0.001)
        time.sleep(0.02)
        assert most - 1 <= source.given <= most
        windows.at(0, size)  # gives one back
    windows.close()
    assert not readers()


def test_moments_of_parts_are_those_of_the_whole():
    x = 1e6 + np.random.default_rng(0).standard_normal((4, 3000))
    x[3] = 7.0
    x[2, :1500] = 1e6  # constant in one part alone
    parts = [Moments.of(part) for part in np.array_split(x, [1, 700, 1500, 1501], axis=1)]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merged(part)
    mean, scale = merged.mean_and_scale()
    np.testing.assert_allclose(mean[:, 0], x.mean(axis=1), rtol=1e-15)
    np.testing.assert_allclose(scale[:3, 0], x.std(axis=1)[:3], rtol=1e-12)
    assert scale[3] == 1.0 and mean[3] == 7.0


def test_standardized_blocks_are_what_the_array_becomes():
    x = (1000 + 3 * X).astype(np.float64)
    blocks, features = fs.standardize(fs.Blocks(OnDisk(x), Y, memory=2000))
    expected, own = fs.standardize(x.T)
    np.testing.assert_allclose(features.mean, own.mean, rtol=1e-15)
    np.testing.assert_allclose(features.scale, own.scale, rtol=1e-12)
    windows = Windows(blocks, 1, M)
    exact, _ = fs.standardize(x.T, features)
    np.testing.assert_array_equal(windows.at(0, 0).X, exact[:, : windows.at(0, 0).end])
    windows.close()
    assert np.abs(exact - expected).max() < 1e-9
    others, same = fs.standardize(fs.Blocks(x[:5]), features)
    assert same is features
    windows = Windows(others, 1, None)
    (window,) = windows
    windows.close()
    np.testing.assert_array_equal(window.X, exact[:, :5])
    small = (100 + 9 * X).astype(np.uint8)
    blocks, features = fs.standardize(fs.Blocks(small, Y))
    assert blocks.dtype == np.float32
    windows = Windows(blocks, 1, M, 3)
    window = windows.at(0, 0)
    np.testing.assert_array_equal(window.X, fs.standardize(small.T, features)[0][:, window.Y[0].astype(int)])
    windows.close()


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", ">f4"])
@pytest.mark.parametrize("order", "CF")
def test_standardizing_rounds_once_in_every_piece(order, dtype, monkeypatch):
    monkeypatch.setattr(scales, "CACHED", 32)  # ten examples
    x = np.asarray(1000 * X.T % 100, dtype, order=order)
    mean, scale = np.array([[3.1], [50.0], [0.0]]), np.array([[0.7], [3.0], [1e-3]])
    expected = ((x.astype(np.float64) - mean) / scale).astype(computing(x.dtype))
    out = np.empty(x.shape, expected.dtype)
    assert scales.standardized(x, mean, scale, out) is out
    np.testing.assert_array_equal(out, expected)
    if x.dtype == expected.dtype:
        np.testing.assert_array_equal(scales.standardized(x, mean, scale, x), expected)


def test_names_of_columns_are_kept(tmp_path):
    blocks = arrow_sources(tmp_path)["path"]
    assert blocks.names == fs.standardize(blocks)[1].names == ("a", "b", "c")
    assert "3 features" in repr(blocks)


def test_columns_of_every_kind_of_number(tmp_path):
    pa = pytest.importorskip("pyarrow")
    table = pa.table(
        {
            "flag": [True, False, True, True],
            "small": pa.array([1, 2, 3, 4], pa.int8()),
            "money": pa.array([1, 2, 3, 4], pa.decimal128(5, 2)),
            "half": pa.array(np.array([0.5, 1, 2, 4], np.float16)),
            "kind": pa.array(["b", "a", "b", "c"]).dictionary_encode(),
        }
    )[1:]
    for features, dtype in (["flag"], "bool"), (["flag", "small"], "int8"), (["small", "half"], "float16"):
        blocks = fs.Blocks(table, target="kind", features=features, classes=["a", "b", "c"])
        x, y = all_of(blocks.pieces())
        assert x.dtype == dtype and y.dtype == np.float32
        np.testing.assert_array_equal(y, [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
        np.testing.assert_array_equal(x[:, 0], [0, 1, 1] if features[0] == "flag" else [2, 3, 4])
    x, y = all_of(fs.Blocks(table, target=["small", "half"], features=["money", "flag"]).pieces())
    assert x.dtype == np.float64 and x.tolist() == [[2, 0], [3, 1], [4, 1]] and y.tolist() == [[2, 1], [3, 2], [4, 4]]


def test_classes_of_arrays_become_one_hot():
    blocks = fs.Blocks([(X[:2], np.array(["b", "a"])), (X[2:5], ["a", "c", "b"])], classes=["a", "b", "c"])
    _, y = all_of(blocks.pieces())
    np.testing.assert_array_equal(y, np.eye(3)[[1, 0, 0, 2, 1]])
    assert blocks.n_y == 3


def with_number(place, value):
    x = X.copy()
    x[place] = value
    return x


def replaced(k, block):
    blocks = cut([40, 1, 60])
    blocks[k] = block
    return blocks


def passed(*arguments, **options):
    return lambda: fs.Blocks(*arguments, **options).survey


class Spent(Sequence):
    def __len__(self):
        return 0

    def __getitem__(self, k):
        raise IndexError


ITERATOR = iter(cut([40, 1, 60]))
WRONG = [
    (passed(block for block in cut([M])), TypeError, "source is a generator, which can be passed through only once"),
    (passed(iter(cut([M]))), TypeError, "source is a list_iterator"),
    (passed(lambda: ITERATOR), TypeError, "source gives the same iterator again, which is spent"),
    (passed(3), TypeError, "source must be a path, .* not int"),
    (passed({"a": X}), TypeError, "source must be a path, .* not dict"),
    (passed([]), ValueError, "source holds no blocks"),
    (passed(list), ValueError, "source holds no examples"),
    (passed(X.astype(object), Y), TypeError, "source must hold real numbers, not object"),
    (passed(X.astype(complex), Y), TypeError, "source must hold real numbers, not complex128"),
    (passed(lambda: iter([])), ValueError, "source holds no examples"),
    (lambda: fs.Blocks(lambda: iter([])).n_x, ValueError, "source holds no examples"),
    (passed(Spent()), ValueError, "source holds no blocks"),
    (passed(X[0]), ValueError, r"source must have shape \(m, n_x\), examples as rows, and some, not \(3,\)"),
    (passed(X[:0], Y[:0]), ValueError, "source must have shape"),
    (passed(X, Y[:-1]), ValueError, "Y must have a row for each of the 101 examples, not 100"),
    (passed(X.T, Y), ValueError, r"not 101; examples are rows here: did you mean source\.T\?"),
    (passed(X, "label"), TypeError, "Y must be an array .* not an object of type str"),
    (passed(X, Y[None, None]), ValueError, r"Y must have shape \(m,\) or \(m, n_y\)"),
    (passed(X, Y, target="y"), TypeError, "target is for columns with names"),
    (passed(X, Y, features=["a"]), TypeError, "features is for columns with names"),
    (passed(cut([M]), Y), TypeError, "Y is for a source that is an array"),
    (passed(cut([M]), target="y"), TypeError, "features and target are for blocks of Arrow's"),
    (passed(X, Y, memory=0), ValueError, "memory must be 1 or more"),
    (passed(X, Y, memory=1e9), TypeError, "memory must be an integer"),
    (passed(replaced(1, (X[:4, :2], Y[:4]))), ValueError, "X of block 1 has 2 features, but the first block has 3"),
    (passed(replaced(2, (X[:0], Y[:0]))), ValueError, r"X of block 2 must have shape \(k, n_x\), .* not \(0, 3\)"),
    (passed(replaced(0, (X[:0], Y[:0]))), ValueError, r"X of block 0 must have shape \(k, n_x\), .* not \(0, 3\)"),
    (passed(replaced(1, (X[0], Y[:3]))), ValueError, r"X of block 1 must have shape .* not \(3,\)"),
    (passed(replaced(1, (X[:4].astype("f8"), Y[:4]))), TypeError, "X of block 1 is float64, but the first .* float32"),
    (passed(replaced(1, (X[:4], Y[:3]))), ValueError, r"Y of block 1 must have shape \(4, 1\), as X has 4 rows"),
    (passed(replaced(1, X[:4])), ValueError, "Y of block 1 is missing"),
    (passed(replaced(1, (X[:4], Y[:4], Y[:4]))), TypeError, r"a block must be \(X, Y\), or X alone, not a tuple of 3"),
    (passed(replaced(1, (X[:4], np.full(4, 0.1)))), TypeError, "Y of block 1 is float64, and float32, in which"),
    (passed(replaced(1, ([["a"]], Y[:1]))), TypeError, "X of block 1 must hold real numbers, not words"),
    (passed(replaced(2, (with_number((3, 1), np.nan), Y))), ValueError, "X holds nan at feature 1, row 3 of block 2"),
    (passed(with_number((100, 2), -np.inf), Y), ValueError, "X holds -inf at feature 2, row 100"),
    (passed(X, np.where(Y == 7, np.nan, Y)), ValueError, "Y holds nan at output 0, row 7"),
    (passed(X, Y, classes=["a"]), ValueError, "labels holds 0.0 at example 0, which is not among the classes"),
    (passed("no_such_file.parquet"), FileNotFoundError, "source: there is no file 'no_such_file.parquet'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), WRONG, ids=[text[:40] for *_, text in WRONG])
def test_what_is_wrong_is_said_once(call, kind, text):
    pytest.importorskip("pyarrow")
    with pytest.raises(kind, match=text):
        call()


def test_what_is_wrong_with_columns(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path, plain = tmp_path / "t.parquet", tmp_path / "plain.parquet"
    plain.write_text("hello" * 100)
    table = pa.table({"a": [1.0, 2.0, None], "b": [1, 2, 3], "word": ["x", "y", "z"], "y": [0.0, 1.0, 1.0]})
    pq.write_table(table, path, row_group_size=2)
    for options, kind, text in (
        ({"target": "z"}, ValueError, "target has 'z', but the columns are 'a', 'b', 'word', 'y'"),
        ({"target": "y", "features": ["b", "c"]}, ValueError, "features has 'c', but the columns are"),
        ({"target": "y", "features": ["y"]}, ValueError, "features has 'y', which is the target"),
        ({"target": "y", "features": "b"}, TypeError, "features must be a list of names, not 'b'"),
        ({"target": "y"}, TypeError, "features: column 'word' must hold numbers, not string"),
        ({"target": "word", "features": ["b"]}, TypeError, "target: column 'word' must hold numbers.* classes= lists"),
        ({"target": ["y", "b"], "features": ["a"], "classes": [0, 1]}, ValueError, "classes is for one target, not 2"),
        ({"target": "y", "features": ["a"]}, ValueError, "column 'a' has no value in row 0 of block 1"),
        (
            {"target": "word", "features": ["b"], "classes": ["x", "z"]},
            ValueError,
            "target holds 'y' in row 1 of block 0, which is not among the classes",
        ),
        ({"target": ["a", "b", "word", "y"]}, ValueError, "features must name a column or more"),
    ):
        with pytest.raises(kind, match=text):
            passed(path, **options)()
    with pytest.raises(ValueError, match=r"plain\.parquet' must be Parquet, but pyarrow says: .*magic bytes"):
        fs.Blocks(plain)
    with pytest.raises(TypeError, match="source is a RecordBatchReader, which can be passed through only once"):
        fs.Blocks(table.to_reader(), target="y")
    with pytest.raises(ValueError, match=r"X of block 1 must have shape .* and some, not \(0, 1\)"):
        passed([table[:2], table[:0]], target="y", features=["b"])()


def test_a_dataframe_is_in_memory_already():
    pd = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match=r"source is a DataFrame, in memory already: give its to_numpy\(\)"):
        fs.Blocks(pd.DataFrame(X), Y)
    x, _ = all_of(fs.Blocks([(pd.DataFrame(X), pd.Series(Y))]).pieces())
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize("name", ["array", "list", "path", "table"])
def test_blocks_go_to_another_process(name, tmp_path):
    blocks = (array_sources if name in ARRAYS else arrow_sources)(tmp_path)
    x, y = all_of(pickle.loads(pickle.dumps(blocks[name])).pieces())
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y[:, 0], Y)


def test_without_pyarrow_an_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "fastshallow.data.arrow", raising=False)
    monkeypatch.delattr(fastshallow.data, "arrow", raising=False)
    with pytest.raises(ImportError, match=r'need pyarrow: pip install "fastshallow\[table\]"'):
        fs.Blocks("data.parquet", target="y")


def test_another_second_pass_is_refused():
    for later, text in (
        (cut([40, 1]), "gives 41 examples, not the 101"),
        (
            cut([M, M], *(np.tile(a, 2) if a.ndim == 1 else np.tile(a, (2, 1)) for a in (X, Y))),
            "gives more than the 101",
        ),
    ):
        passes = [cut([M]), cut([M]), later]
        source = fs.Blocks(lambda passes=passes: iter(passes.pop(0)))
        windows = Windows(source, 1, source.shape[1])
        with pytest.raises(ValueError, match=text):
            list(windows)
        windows.close()
        assert not readers()


def test_an_error_of_the_source_is_raised_as_it_is():
    def blocks():
        yield from cut([40, 1])
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        passed(blocks)()
    windows = Windows(fs.Blocks(blocks), 1, M)
    with pytest.raises(OSError, match="the disk is gone"):
        list(windows)
    windows.close()


def test_memory_for_less_than_a_batch_is_refused():
    blocks = fs.Blocks(X, Y, memory=1000)
    with pytest.raises(ValueError, match="memory must be 6400 bytes or more for batches of 100 examples, each of 16"):
        blocks.fitting(100)
    assert fs.Blocks(X, Y, memory=6400).fitting(100) == 100
    with pytest.raises(ValueError, match="memory must be"):
        fs.Blocks(X, Y, memory=6399).fitting(100)
