"""Data larger than memory: an epoch beside reading alone, and a process that is not allowed to hold them.

``python -m benchmarks.blocks`` writes a table of random numbers to files, times reading them and training an epoch in
turns, with the files in memory (the page cache) and not, and trains in a process whose memory is limited to a quarter.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

import fastshallow as fs
from fastshallow.command.console import show_table
from fastshallow.measuring import seconds_text

N_X, WRITTEN = 30, 50_000  # features; examples that are written at a time, to Parquet as a row group
SHAPES = (4, 128)  # hidden units: the first network waits for the file, the other one lets it wait
HEADER = ("file", "cache", "network", "reading", "epoch", "epoch / reading", "in memory", "epoch / in memory")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give back its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blocks", description=__doc__)
    parser.add_argument("--mib", type=int, default=256, help="of each file; default: 256")
    parser.add_argument("--memory", type=int, default=32, help="MiB for reading; default: 32")
    parser.add_argument("--rounds", type=int, default=3, help="turns of reading and training; default: 3")
    parser.add_argument("--folder", type=Path, help="where the files are written; default: a temporary folder")
    parser.add_argument("--limited", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.mib < 128:
        parser.error(f"--mib must be 128 or more, of which a quarter holds a thread, not {arguments.mib}")
    warnings.simplefilter("ignore")
    if arguments.limited:
        return limited(Path(arguments.limited), arguments.memory)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        write(Path(folder), arguments.mib)
        rows = [row for kind in ("npy", "parquet") for row in measured(Path(folder), kind, arguments)]
        print(f"{arguments.mib} MiB of float32, {N_X} features, batches of 256; {arguments.memory} MiB for reading\n")
        show_table(HEADER, rows, left=(0, 1, 2))
        print(flush=True)
        command = [sys.executable, "-m", "benchmarks.blocks", "--limited", folder]
        return subprocess.run([*command, "--memory", str(arguments.memory)], check=False).returncode


def write(folder: Path, mib: int) -> None:
    """Write X and y as arrays, and as a Parquet file."""
    random, m = np.random.default_rng(1), mib * 2**20 // (4 * N_X)
    names = [f"x{k}" for k in range(N_X)]
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float32, (m, N_X))
    y = np.lib.format.open_memmap(folder / "y.npy", "w+", np.float32, (m,))
    schema = pa.schema([*((name, pa.float32()) for name in names), ("y", pa.float32())])
    with pa.parquet.ParquetWriter(folder / "table.parquet", schema, use_dictionary=False) as writer:
        for start in range(0, m, WRITTEN):
            x = random.standard_normal((min(WRITTEN, m - start), N_X), np.float32)
            labels = (x[:, 0] * x[:, 1] > 0).astype(np.float32)
            X[start : start + WRITTEN], y[start : start + WRITTEN] = x, labels
            writer.write_table(pa.table([*map(pa.array, x.T), pa.array(labels)], schema=schema))
    X.flush()
    y.flush()
    os.sync()  # what is not on the disk yet can't be forgotten


class Rows:
    """Rows of a .npy file, read from it as HDF5 does: nothing is mapped, so the page cache can forget them."""

    def __init__(self, path: Path) -> None:
        mapped = np.load(path, mmap_mode="r")
        self.shape, self.dtype = mapped.shape, mapped.dtype
        self._path, self._offset = path, mapped.offset

    def __getitem__(self, rows: slice) -> Any:
        each = int(np.prod(self.shape[1:]))
        count, offset = (rows.stop - rows.start) * each, self._offset + rows.start * each * self.dtype.itemsize
        return np.fromfile(self._path, self.dtype, count, offset=offset).reshape(-1, *self.shape[1:])


def opened(folder: Path, kind: str, memory: int) -> fs.Blocks:
    """The blocks of a file."""
    if kind == "parquet":
        return fs.Blocks(folder / "table.parquet", target="y", memory=memory * 2**20)
    return fs.Blocks(Rows(folder / "X.npy"), Rows(folder / "y.npy"), memory=memory * 2**20)


def measured(folder: Path, kind: str, arguments: Any) -> list[list[str]]:
    """The rows of the table for a kind of file."""
    blocks, rows = opened(folder, kind, arguments.memory), []
    x, y = np.load(folder / "X.npy"), np.load(folder / "y.npy")
    for cached in (True, False):

        def prepare(_: Any = None, cached: bool = cached) -> None:
            if not cached:
                forget(folder)

        for n_h in SHAPES:
            options: Any = {"n_h": n_h, "batch_size": 256, "learning_rate": 0.1, "epochs": 3, "seed": 1}
            times = np.empty((arguments.rounds, 3))
            for turn in times:
                prepare()
                begin = perf_counter()
                read(blocks)
                turn[0] = perf_counter() - begin
                turn[1] = epoch_of(fs.train(blocks, **options, callbacks=prepare))
                turn[2] = epoch_of(fs.train(x.T, y, **options, shuffle="blocks"))
            reading, epoch, kernels = np.median(times, axis=0)
            texts = seconds_text(reading), seconds_text(epoch), f"{epoch / reading:.2f}"
            network, where = f"{N_X}-{n_h}-1", "in it" if cached else "not in it"
            rows.append([kind, where, network, *texts, seconds_text(kernels), f"{epoch / kernels:.2f}"])
    return rows


def epoch_of(net: fs.Network) -> float:
    """Seconds of an epoch but the first, which nothing was read ahead for."""
    seconds = net.history.seconds
    return float((seconds[-1] - seconds[0]) / (len(seconds) - 1))


def read(blocks: fs.Blocks) -> None:
    """Read all rows, and let them go."""
    for _ in blocks.pieces():
        pass


def forget(folder: Path) -> None:
    """Let the page cache forget the files."""
    for path in folder.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def limited(folder: Path, memory: int) -> int:
    """Train from Parquet in this process, which may have a quarter of the file's size beside what it has now."""
    blocks = opened(folder, "parquet", memory)
    options: Any = {"n_h": 64, "batch_size": 256, "learning_rate": 0.1, "epochs": 1}
    X = np.zeros((N_X, 2048), np.float32)
    fs.train(X, X[0] > 0, **options)  # what is loaded and compiled counts for nothing
    before = allocated()
    quarter = (folder / "X.npy").stat().st_size // 4
    resource.setrlimit(resource.RLIMIT_DATA, (before + quarter, before + quarter))
    try:
        np.load(folder / "X.npy")
        raise AssertionError("the limit does not work")
    except MemoryError:
        pass
    begin = perf_counter()
    net = fs.train(blocks, **options)
    seconds, used = perf_counter() - begin, (allocated() - before) >> 20
    print(
        f"Limited to {quarter >> 20} MiB, a quarter of the data, which can't be loaded so: a pass that checks and an "
        f"epoch in {seconds_text(seconds)}, {used} MiB still held, cost {net.history.cost[-1]:.4f}"
    )
    return 0


def allocated() -> int:
    """Bytes that count for the limit of data."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:"))


if __name__ == "__main__":
    sys.exit(main())
