"""A submission in a process of its own: asked for answers, and ended when it takes too long."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from time import monotonic
from types import TracebackType
from typing import Any

from ..backends import BLAS_THREADS
from . import child

SHOWN = 2000  # characters of what a submission prints


@dataclass(frozen=True)
class Limits:
    """What a submission may take: seconds of a call and of all together, and memory, 0 for as much as there is."""

    call: float = 10.0
    all: float = 600.0
    gigabytes: float = 0.0


class SubmissionError(Exception):
    """The submission gave no answer: it raised, ended its process, or took too long."""

    def __init__(self, text: str, kind: str = "", raised: str = "") -> None:
        super().__init__(text)
        self.kind = kind  # the exception's type
        self.raised = raised  # the exception's text


class Process:
    """A context in which a submission answers."""

    def __init__(self, path: Path, limits: Limits, exercise: str | None = None) -> None:
        self.path, self.exercise, self.limits = path.resolve(), exercise, limits
        self._begin = monotonic()
        self.ended = False

    def __enter__(self) -> Process:
        self.printed = tempfile.TemporaryFile()
        self._child = subprocess.Popen(
            [
                *(sys.executable, child.__file__, str(self.path), str(self.limits.gigabytes)),
                *([self.exercise] if self.exercise else []),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.printed,
            env={**os.environ, **dict.fromkeys(BLAS_THREADS, "1"), "PYTHONUNBUFFERED": "1"},
            cwd=self.path.parent,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        for stream in self._child.stdin, self._child.stdout, self.printed:
            with contextlib.suppress(OSError):
                stream.close()  # type: ignore[union-attr]

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """Ask for something, and return the reply."""
        seconds = min(self.limits.call, max(0.01, self.limits.all + self._begin - monotonic()))
        overdue = []

        def end() -> None:
            overdue.append(True)
            self._end()

        late = Timer(seconds, end)
        late.start()
        assert self._child.stdin is not None and self._child.stdout is not None
        try:
            child.write(self._child.stdin, {"do": do, **request})
            reply = child.read(self._child.stdout)
            assert isinstance(reply, dict)
        except (EOFError, OSError, ValueError, LookupError, TypeError, AssertionError):
            if overdue:
                raise SubmissionError(
                    f"it did not answer within {seconds:.3g} s: is there a loop that does not end?"
                ) from None
            self._end()
            status = self._child.returncode
            raise SubmissionError(f"it ended its process ({_status(status)})") from None
        finally:
            late.cancel()
        if not reply.get("clock", True):
            raise SubmissionError("it replaces time.perf_counter, by which it is timed")
        if "error" in reply:
            raise _raised(reply["error"])
        return reply

    def output(self) -> str:
        """What it has printed so far, or the end of it."""
        self.printed.seek(0, os.SEEK_END)
        self.printed.seek(max(0, self.printed.tell() - SHOWN))
        return self.printed.read().decode(errors="replace").strip()

    def _end(self) -> None:
        """End the process, and those that it has started."""
        self.ended = True
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._child.pid, signal.SIGKILL)
            else:
                self._child.kill()
        self._child.wait()


def _raised(error: dict[str, Any]) -> SubmissionError:
    where = f"line {error['line']}: {error['source'].strip()}\n" if error["line"] and error["source"] else ""
    text = f"{where}raises {error['type']}{': ' if error['text'] else ''}{error['text']}"
    return SubmissionError(text, error["type"], error["text"])


def _status(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
