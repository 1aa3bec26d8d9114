"""The process of a submission: it calls the learner's functions when asked to, and sends back what they return.

It is run as a script, apart from the package: what is right is known to the process that asks, never to this one.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import linecache
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from types import FrameType, ModuleType
from typing import IO, Any

import numpy as np

WRITTEN = 2**25  # bytes of a file, such as that of what is printed
OTHERS_WORK = ("fastshallow", "sklearn", "torch", "jax", "tensorflow", "autograd")


# Messages: a length, a tree as JSON, and the bytes of its arrays. Nothing in them can run.


def write(stream: IO[bytes], message: Any) -> None:
    """Send a message of numbers, texts, lists, dictionaries and arrays."""
    blobs: list[bytes] = []
    head = json.dumps(_packed(message, blobs)).encode()
    sizes = json.dumps([len(head), *map(len, blobs)]).encode()
    stream.write(len(sizes).to_bytes(8, "little") + sizes + head + b"".join(blobs))
    stream.flush()


def read(stream: IO[bytes]) -> Any:
    """Receive a message; EOFError where the other process has ended."""
    sizes = json.loads(_exactly(stream, int.from_bytes(_exactly(stream, 8), "little")))
    head, *blobs = (_exactly(stream, size) for size in sizes)
    return _unpacked(json.loads(head), blobs)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _packed(value: Any, blobs: list[bytes]) -> Any:
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biuf":
        fortran = value.ndim > 1 and value.flags.f_contiguous and not value.flags.c_contiguous
        blobs.append(value.tobytes("F" if fortran else "C"))
        kind = "array" if isinstance(value, np.ndarray) else "scalar"
        return {kind: len(blobs) - 1, "dtype": value.dtype.str, "shape": value.shape, "order": "CF"[fortran]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_packed(each, blobs) for each in value]}
    if isinstance(value, dict):
        return {"dict": {str(key): _packed(each, blobs) for key, each in value.items()}}
    return {"other": type(value).__name__}


def _unpacked(tree: Any, blobs: list[bytes]) -> Any:
    if not isinstance(tree, dict):
        return tree
    (kind, value), *_ = tree.items()
    if kind in ("array", "scalar"):
        flat = np.frombuffer(bytearray(blobs[value]), np.dtype(tree["dtype"]))
        array = flat.reshape(tree["shape"], order=tree["order"])
        return array if kind == "array" else array[()]
    if kind == "dict":
        return {key: _unpacked(each, blobs) for key, each in value.items()}
    if kind == "other":
        return Other(value)
    made = [_unpacked(each, blobs) for each in value]
    return made if kind == "list" else tuple(made)


class Other:
    """Something that no exercise returns."""

    def __init__(self, name: str) -> None:
        self.name = name


# Arrays in other orders of memory


def arranged(value: Any, order: str) -> Any:
    """An array in "C" or "F" order, or every second element of a larger one ("strided"); anything else as it is."""
    if not isinstance(value, np.ndarray) or value.ndim < 2:
        return value
    if order != "strided":
        return np.array(value, order="F" if order == "F" else "C")
    larger = np.full((*value.shape[:-1], 2 * value.shape[-1]), np.nan, value.dtype)
    larger[..., ::2] = value
    return larger[..., ::2]


def assign(old: Any, new: Any) -> Any:
    """Put new values into the very arrays and lists that are there."""
    if isinstance(old, np.ndarray):
        old[...] = new
    elif isinstance(old, list):
        old[:] = [assign(*pair) for pair in zip(old, new, strict=True)]
    else:
        return new
    return old


# What is counted


def steps_of(call: Callable[[], Any], path: str) -> tuple[Any, int]:
    """The answer, and how many steps of Python (bytecode instructions) the learner's file executes."""
    steps = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal steps
        if frame.f_code.co_filename != path:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        steps += event == "opcode"
        return trace

    sys.settrace(trace)
    try:
        answer = call()
    finally:
        sys.settrace(None)
    return answer, steps


def bytes_of(call: Callable[[], Any], _: str) -> tuple[Any, int]:
    """The answer, and how many bytes are allocated at once at most, the answer included."""
    import tracemalloc

    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        answer = call()
        return answer, tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def assembly_of(call: Callable[[], Any], _: str) -> tuple[Any, dict[str, str]]:
    """The answer, and the machine code of what Numba has compiled of the file so far, by name and signature."""
    answer = call()
    compiled = vars(sys.modules["submission"]).items()
    texts = {
        f"{name}{signature}": text
        for name, function in compiled
        if hasattr(function, "inspect_asm")
        for signature, text in function.inspect_asm().items()
    }
    return answer, texts


def threads_of(call: Callable[[], Any], _: str) -> tuple[Any, int]:
    """The answer, and how many other threads of Python there are: that it starts, and those of before."""
    import threading

    start, count = threading.Thread.start, threading.active_count() - 1

    def counted(thread: threading.Thread) -> None:
        nonlocal count
        count += 1
        start(thread)

    threading.Thread.start = counted  # type: ignore[assignment,method-assign]
    try:
        answer = call()
        return answer, count
    finally:
        threading.Thread.start = start  # type: ignore[method-assign]


COUNTERS: dict[str, Callable[[Callable[[], Any], str], tuple[Any, Any]]] = {
    "steps": steps_of,
    "bytes": bytes_of,
    "assembly": assembly_of,
    "threads": threads_of,
}


class Submission:
    """The learner's module, and what it was called with last."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.module = module_at(path)
        self.arguments: tuple[Any, ...] = ()
        self.answer: Any = None

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """Call a function; send its answer, the one before, and the arguments as they are afterwards."""
        if request.get("again"):  # the same arrays, which hold other numbers now
            self.arguments = tuple(map(assign, self.arguments, request["arguments"]))
        else:
            self.arguments = tuple(arranged(each, request["order"]) for each in request["arguments"])
        before, count = self.answer, None
        function = getattr(self.module, request["function"])
        counted = request.get("count")
        if counted:
            self.answer, count = COUNTERS[counted](lambda: function(*self.arguments), self.path)
        else:
            self.answer = function(*self.arguments)
        return {"answer": self.answer, "before": before, "arguments": self.arguments, "count": count}


def module_at(path: str) -> ModuleType:
    """Import the file, whatever its name."""
    spec = importlib.util.spec_from_file_location("submission", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["submission"] = module  # which dataclasses and Numba look up
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module


class Block:
    """A finder of modules that finds none where an exercise is to be solved without them."""

    def find_spec(self, name: str, *_: object) -> None:
        """Refuse what others have written."""
        if name.split(".")[0] in OTHERS_WORK:
            raise ImportError(f"{name} is not for exercises")


def block() -> None:
    """From here on the package and its like are not there."""
    for name in [name for name in sys.modules if name.split(".")[0] in OTHERS_WORK]:
        del sys.modules[name]
    sys.meta_path.insert(0, Block())


def described(error: BaseException, path: str) -> dict[str, Any]:
    """An exception, and the line of the learner's file that it comes from."""
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    if isinstance(error, SyntaxError) and error.filename == path:
        return {"type": type(error).__name__, "text": error.msg, "line": error.lineno, "source": error.text}
    line = lines[-1].lineno if lines else None
    source = linecache.getline(path, line) if line else None
    return {"type": type(error).__name__, "text": str(error), "line": line, "source": source}


def serve(path: str, requests: IO[bytes], replies: IO[bytes], exercise: str | None) -> None:
    """Answer requests until there are no more."""
    handlers: dict[str, Callable[[Submission, dict[str, Any]], dict[str, Any]]] = {"call": Submission.call}
    if exercise:
        sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
        handlers["bench"] = importlib.import_module("fastshallow.exercises.timed").prepare(exercise)
        del sys.path[0]
    clock = time.perf_counter
    block()
    submission = None
    while True:
        try:
            request = read(requests)
        except EOFError:
            return
        try:
            submission = submission or Submission(path)
            answer = handlers[request["do"]](submission, request) if request["do"] != "load" else _names(submission)
        except BaseException as error:
            answer = {"error": described(error, path)}
        answer["clock"] = time.perf_counter is clock
        sys.stdout.flush()
        write(replies, answer)


def _names(submission: Submission) -> dict[str, Any]:
    return {"names": [name for name, value in vars(submission.module).items() if callable(value)]}


def limit(gigabytes: float) -> None:
    """Keep what this process and those that it starts may take of memory and disk, where the system can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN, WRITTEN))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if gigabytes:
        memory = int(gigabytes * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def main(arguments: Sequence[str]) -> None:
    """Keep the pipes for messages; what the learner prints goes to the errors' stream."""
    path, gigabytes, *exercise = arguments
    limit(float(gigabytes))
    del sys.path[0]
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    serve(path, requests, replies, exercise[0] if exercise else None)


if __name__ == "__main__":
    main(sys.argv[1:])
