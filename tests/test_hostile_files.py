"""Files from strangers: whatever they hold, reading ends soon, in little memory, with an error that names the file."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import fastshallow as fs

X, Y = fs.datasets.planar_flower(40)


def archive(members, compression=zipfile.ZIP_STORED):
    """An archive of these members, arrays or bytes, as `np.savez` makes one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, member in members.items():
            if not isinstance(member, bytes):
                one = io.BytesIO()
                np.save(one, member, allow_pickle=True)
                member = one.getvalue()
            file.writestr(f"{name}.npy", member)
    return buffer.getvalue()


def header(dtype, shape, data=b"", version=b"\x01\x00"):
    """A member whose header says so, whatever it holds."""
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape!r}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text + data


def shared(count):
    """A directory of so many members, which all lie in one place."""
    whole = archive({"": b""})
    central, end = whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06")
    entry = bytearray(whole[central : central + 46])
    entry[28:30] = (3).to_bytes(2, "little")
    directory = b"".join(bytes(entry) + i.to_bytes(3, "big") for i in range(count))
    tail = bytearray(whole[end:])
    tail[8:16] = 2 * count.to_bytes(2, "little") + len(directory).to_bytes(4, "little")
    return whole[:central] + directory + bytes(tail)


def longer(whole, name):
    """The archive, whose directory says that a member is of 1 GiB."""
    place = whole.rindex(f"{name}.npy".encode()) - 46  # of its entry there
    size = (128 + 2**30).to_bytes(4, "little")
    return whole[: place + 20] + size + size + whole[place + 28 :]


def members_of(path):
    with np.load(path) as stored:
        return dict(stored)


def hostile(good, random):
    """Files by what is wrong with them, made from the members of a good one."""
    whole = archive(good)
    first = next(name for name in good if good[name].ndim == 2)
    yield "nothing", b""
    yield "text", b"hello, world\n" * 100
    yield "zeros", bytes(100_000)
    yield "no members", archive({})
    yield "an array alone", header("<f8", (2,), bytes(16))
    yield "compressed", archive(good, zipfile.ZIP_DEFLATED)
    yield "bomb", archive(good | {first: header("<f8", (2**29,)) + bytes(2**27)}, zipfile.ZIP_DEFLATED)
    yield "bomb beside", archive(good | {"else": bytes(2**27)}, zipfile.ZIP_DEFLATED)
    yield "many members", archive({f"m{i}": b"" for i in range(5000)} | good)
    yield "a directory of many that share one", shared(20_000)
    for shape in ((2**60,), (2**31, 2**31), (-1, 4), (0, 2**62), (1,) * 40, ("a",), (4.0, 2), (2**200,)):
        yield f"a header of shape {shape}", archive(good | {first: header("<f8", shape)})
    yield "a header of texts without letters", archive(good | {first: header("<U0", (2**27,))})
    for text in (
        b"-" * 9990 + b"1",
        b"(" * 9990,
        b"{'descr': '<f8', 'fortran_order': 0if 1else 2, 'shape': (4L, 2L), }",
    ):
        text = text.ljust(9999) + b"\n"
        yield (
            f"a header {text[:9]}",
            archive(good | {first: b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text}),
        )
    for text in (b"\xff\xff\xff\x7f", b"\x00\x00\x11\x00"):
        yield (
            "no letter",
            archive(good | {next(n for n in good if n not in ("format", first)): header("<U1", (), text)}),
        )
        yield "no letter", archive(good | {"format": header("<U1", (), text)})
    for dtype in ("|O", "<U1000000000", "<f16", "V8", "<M8[s]", "c16", "[('a', '<f8')]", "f8; import os"):
        yield f"a header of dtype {dtype}", archive(good | {first: header(dtype, (4, 2), bytes(64))})
    yield "a long header", archive(good | {first: b"\x93NUMPY\x02\x00" + (10**5).to_bytes(4, "little") + b"(" * 10**5})
    yield "a header of another version", archive(good | {first: header("<f8", (2, 2), bytes(32), b"\x09\x00")})
    yield "pickled", archive(good | {first: np.array([{"a": 1}], dtype=object)})
    for cut in random.integers(1, len(whole), 25):
        yield f"cut at {cut}", whole[:cut]
    for _ in range(60):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), 3):
            damaged[place] ^= 1 << int(random.integers(8))
        yield "bits", bytes(damaged)
    central = whole.rindex(b"PK\x01\x02")
    for offset, size in ((20, 4), (24, 4), (42, 4), (28, 2), (10, 2)):  # sizes, place, lengths and method
        yield (
            f"a directory that lies at {offset}",
            (whole[: central + offset] + b"\xff" * (size - 1) + b"\x7f" + whole[central + offset + size :]),
        )
    for name, member in good.items():
        yield f"without {name}", archive({key: value for key, value in good.items() if key != name})
        odd = [np.array("text"), np.array(np.nan), np.array(-1), np.full((3, 3), np.inf), np.array([], np.float64)]
        odd += [np.array(2**63, np.uint64), np.full((2, 2), "x"), np.array(1e300)]
        for instead in odd:
            if instead.dtype.kind != member.dtype.kind or instead.shape != member.shape or member.ndim == 2:
                yield f"{name} is {instead.dtype} {instead.shape}", archive(good | {name: instead})
        if member.ndim == 2:
            yield (
                f"{name} transposed and longer",
                archive(good | {name: np.zeros((member.shape[1] + 1, member.shape[0]))}),
            )


ODD = (
    None,
    -1,
    1e400,
    "text",
    [],
    {},
    [1, 2, 3],
    10**30,
    True,
    ["adam", {"beta1": "x"}],
    ["tanh", "text"],
    [["a"], {}],
)


def hostile_settings(good):
    """Checkpoints whose settings are no settings."""
    settings = json.loads(str(good["settings"]))
    texts = ["", "{", "[]", "null", "1", '"text"', "{}", "[" * 10_000, '{"hidden": 1}']
    for key in settings:
        for instead in ODD:
            if instead != settings[key] or type(instead) is not type(settings[key]):
                texts.append(json.dumps(settings | {key: instead}))
        texts.append(json.dumps({name: value for name, value in settings.items() if name != key}))
    texts.append(json.dumps(settings | {"more": 1}))
    for text in texts:
        yield f"settings {text[:200]}", archive(good | {"settings": np.array(text)})


READ = """
import json, resource, signal, sys, warnings
import numpy as np
import fastshallow as fs
from pathlib import Path
warnings.simplefilter("error")
warnings.simplefilter("ignore", UserWarning)  # of how training ends
X, Y = fs.datasets.planar_flower(40)
fs.Network, fs.resume
folder, kind = Path(sys.argv[1]), sys.argv[2]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = {}
for path in sorted(folder.iterdir()):
    signal.alarm(20)  # ends the process
    try:
        if kind == "network":
            fs.Network.load(path).predict(X)
        else:
            fs.resume(path, X, Y, epochs=6, checkpoint=folder.parent / "out.npz")
        found[path.name] = "read"
    except Exception as error:
        named = str(path) in str(error) or kind == "checkpoint" and path.name in str(error)
        found[path.name] = type(error).__name__ if named else f"{type(error).__name__} without its path: {error}"
    signal.alarm(0)
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
print(json.dumps({"found": found, "megabytes": grown}))
"""


@pytest.mark.skipif(os.name != "posix", reason="limits as POSIX has them")
@pytest.mark.parametrize("kind", ["network", "checkpoint"])
def test_hostile_files(kind, tmp_path):
    random = np.random.default_rng(5)
    folder, path = tmp_path / "files", tmp_path / "good.npz"
    folder.mkdir()
    options = {"epochs": 4, "learning_rate": 0.1, "seed": 1, "backend": "numpy"}
    if kind == "network":
        fs.train(X, Y, 4, **options).save(path)
    else:
        fs.train(X, Y, 4, checkpoint=path, optimizer="adam", batch_size=7, validation=0.2, **options)
    good = members_of(path)
    wrong = [*hostile(good, random), *(hostile_settings(good) if kind == "checkpoint" else ())]
    assert len(wrong) > 150
    for number, (_, data) in enumerate(wrong):
        assert len(data) < 10**6
        (folder / f"{number:04}.npz").write_bytes(data)
    (folder / "good.npz").write_bytes(path.read_bytes())
    command = [sys.executable, "-c", READ, str(folder), kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    found = result["found"]
    assert found.pop("good.npz") == "read"
    right = {"network": "NetworkFileError", "checkpoint": "CheckpointError"}[kind]
    names = [wrong[int(name[:4])][0] for name in found]
    odd = {what: outcome for what, outcome in zip(names, found.values(), strict=True) if outcome not in (right, "read")}
    assert not odd, odd
    # What is harmless, such as another number of seconds, a bit in an unused place, or a part that may be missing.
    harmless = sum(outcome == "read" for outcome in found.values())
    assert harmless < 0.05 * len(found)
    assert result["megabytes"] < 64


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes with names")
def test_what_is_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    def waited(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, waited)
    signal.alarm(20)
    try:
        for path in (tmp_path / "pipe", "/dev/zero", tmp_path):
            with pytest.raises(fs.NetworkFileError, match=f"{path}: not a network file: no regular file"):
                fs.Network.load(path)
            with pytest.raises(fs.CheckpointError, match=f"{path}: not a checkpoint file: no regular file"):
                fs.resume(path, X, Y)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


FEATURES = {
    "feature_names": np.array(["a", "b"]),
    "feature_mean": np.zeros((2, 1)),
    "feature_scale": np.ones((2, 1)),
}
TARGET = {"target_name": np.array("y"), "target_classes": np.array((), np.str_)}
NETWORKS = [
    ({"W1": header("<U0", (2**27,))}, "'W1.npy' begins with no header that NumPy writes"),
    ({"W1": header("<f8", (4, 2), bytes(63))}, "'W1.npy' does not hold what its header says"),
    ({"W1": header("<f8", (2**27,))}, "its members are larger than the file"),
    ({"b1": np.zeros((3, 1))}, "b1 is float64 of shape (3, 1), not finite numbers of shape (4, 1)"),
    ({"b1": np.zeros((4, 1), np.float32)}, "its parameters are float64, float32, float64, float64"),
    ({"W1": np.zeros((0, 2)), "b1": np.zeros((0, 1)), "W2": np.zeros((1, 0))}, "it has the shape 2-0-1"),
    ({"W1": np.zeros((4, 2), np.float16)}, "W1 is float16"),
    ({"hidden": header("<U1", (), b"\xff\xff\xff\x7f")}, "hidden holds something else than texts"),
    ({"seconds": np.full(4, "x")}, "seconds is <U1"),
    ({"learning_rate": np.zeros((4, 2))}, "learning_rate is float64 of shape (4, 2)"),
    ({"validation_cost": np.zeros(3)}, "validation_cost is float64 of shape (3,), not numbers of shape (4)"),
    ({"cost": None}, "0 costs for 4 epochs"),
    ({"best_epoch": np.array(2**60)}, "best_epoch holds something else than integers"),
    ({"version": np.array(-1)}, "version holds something else than counts"),
    ({"own_hidden": np.array("no")}, "own_hidden is <U2"),
    ({**FEATURES, "feature_scale": np.array([[1.0], [0.0]])}, "feature_scale holds something else than positive"),
    ({**FEATURES, "feature_mean": np.full((2, 1), np.inf)}, "feature_mean holds something else than finite"),
    ({**FEATURES, "feature_names": np.array([1, 2])}, "feature_names is int64"),
    ({**FEATURES, "feature_names": np.array(["a", "b", "c"])}, "3 names for 2 features"),
    ({**FEATURES, "feature_scale": None}, "feature_scale is missing"),
    ({**FEATURES, "recipe": np.array("[" * 10**5)}, "its recipe of features can't be read"),
    ({**TARGET, "target_scale": np.ones((1, 1))}, "target_mean is missing"),
    ({**TARGET, "target_mean": np.zeros((1, 1)), "target_scale": -np.ones((1, 1))}, "target_scale holds something"),
    (
        {**TARGET, "target_mean": np.zeros((1, 1)), "target_scale": np.ones((1, 1))},
        "its target has a unit, but its output is 'sigmoid'",
    ),
    ({**TARGET, "target_classes": np.array(["a", "b", "c"])}, "3 classes for 1 outputs"),
]


def changed(good, change):
    return archive({name: member for name, member in (good | change).items() if member is not None})


@pytest.mark.parametrize(("change", "message"), NETWORKS, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_no_network(change, message, tmp_path):
    path = tmp_path / "net.npz"
    fs.train(X, Y, 4, epochs=4, learning_rate=0.1, seed=1, backend="numpy").save(path)
    whole = changed(members_of(path), change)
    path.write_bytes(longer(whole, "W1") if "larger" in message else whole)
    with pytest.raises(fs.NetworkFileError, match=re.escape(message)) as caught:
        fs.Network.load(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_what_is_not_as_it_was_written(tmp_path):
    path = tmp_path / "net.npz"
    fs.train(X, Y, 4, epochs=4, learning_rate=0.1, seed=1, backend="numpy").save(path)
    good = members_of(path)
    twice = archive(good | {"Wx": good["W1"]}).replace(b"Wx.npy", b"W1.npy")
    for whole, message in ((archive(good, zipfile.ZIP_DEFLATED), "compressed"), (twice, "two of its members have one")):
        path.write_bytes(whole)
        with pytest.raises(fs.NetworkFileError, match=message):
            fs.Network.load(path)


CHECKPOINTS = [
    ({"epoch": np.array(1)}, "4 costs in 1 epochs"),
    ({"epoch": np.array(2**50)}, "4 costs in 1125899906842624 epochs"),
    ({"epoch": np.array(-1)}, "epoch holds something else than counts"),
    ({"position": np.array(3)}, "position 3 of 40 examples"),
    ({"position": np.array(42)}, "position 42 of 40 examples"),
    ({"W1": np.full((4, 2), np.inf)}, "W1 holds something else than finite numbers"),
    ({"state0_W1": np.zeros((4, 3))}, "state0_W1 is float64 of shape (4, 3)"),
    ({"state1_b2": np.zeros((1, 1), np.float32)}, "are of several dtypes"),
    ({"state1_b2": None}, "state1_b2 is missing"),
    ({"best_W1": np.zeros((4, 2))}, "best_b1 is missing"),
    ({"history_cost": None}, "its history lacks a column"),
    ({"history_seconds": None}, "its history lacks a column"),
    ({"elapsed": np.array(np.inf)}, "elapsed holds something else than finite numbers"),
    ({"data": None}, "data is missing"),
    (
        {"W1": np.zeros((4, 3))} | {f"state{k}_W1": np.zeros((4, 3)) for k in (0, 1)},
        "training began with 3 features in float64, but X has 2 in float64",
    ),
]
SETTINGS = [
    ({"cost_every": 3}, "4 costs in 4 epochs"),
    ({"hidden": ["leaky_relu", "text"]}, "'text' is no finite number"),
    ({"hidden": ["leaky_relu", 1e400]}, "inf is no finite number"),
    ({"hidden": ["leaky_relu", "learn"]}, "state0_slope is missing"),
    ({"hidden": ["soft", "own"]}, "its activation 'soft' is your own: give it again as hidden="),
    ({"optimizer": ["lbfgs", {}]}, "minimizer_w is missing"),
    ({"backend": "loops", "dropout": 0.5}, "backend must be fused, numpy or auto for dropout"),
    ({"schedule": ["warm_up", {"learning_rate": ["warm_up", {"learning_rate": 1.0}]}]}, "can't be fs.WarmUp"),
    ({"constant": [2]}, "constant features (2,)"),
]


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [(change, {}, message) for change, message in CHECKPOINTS]
    + [({}, change, message) for change, message in SETTINGS],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_checkpoint(change, settings, message, tmp_path):
    path = tmp_path / "run.npz"
    options = {"epochs": 4, "learning_rate": 0.1, "seed": 1, "backend": "numpy", "optimizer": "adam", "batch_size": 7}
    fs.train(X, Y, 4, checkpoint=path, **options)
    good = members_of(path)
    text = json.dumps(json.loads(str(good["settings"])) | settings)
    path.write_bytes(changed(good, {"settings": np.array(text), **change}))
    with pytest.raises(fs.CheckpointError, match=re.escape(message)) as caught:
        fs.resume(path, X, Y, epochs=6)
    assert str(caught.value).startswith(f"{path}: ")
