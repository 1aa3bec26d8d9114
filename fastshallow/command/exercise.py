"""``fastshallow exercise``: exercises in performance, which check themselves."""

from __future__ import annotations

import argparse
import sys
import textwrap
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..exercises import (
    Lesson,
    Measurement,
    Progress,
    Report,
    begin,
    bench,
    check,
    lesson,
    lessons,
    submission,
    telling,
)
from .console import print_json, progress_bar, rich_on, shell, show_table

WIDTH = 96
GLANCE = 0.2  # seconds between looks at the file that is watched


def run(arguments: argparse.Namespace) -> int:
    """Do what is asked."""
    status: int = COMMANDS[arguments.what](arguments)
    return status


def _list(arguments: argparse.Namespace) -> int:
    progress = Progress(Path())
    if arguments.json:
        print_json([{"name": each.name, "title": each.exercise.title, **progress.of(each)} for each in lessons()])
        return 0
    show_table(
        ["exercise", "", "done"],
        [[each.name, each.exercise.title, _done(progress, each)] for each in lessons()],
        (0, 1, 2),
    )
    following = progress.next()
    print(_next(following) if following else "All of them are solved.")
    return 0


def _done(progress: Progress, each: Lesson) -> str:
    known = progress.of(each)
    if known.get("solved"):
        return f"right{', ' + known['tier'] if known.get('tier') else ''}"
    return f"{known['points']} of {known['possible']} points" if "points" in known else "begun" if known else ""


def _next(following: Lesson) -> str:
    return f"Next: fastshallow exercise start {following.name.split('_', 1)[1]}"


def _start(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.folder)
    progress = Progress(folder)
    this = lesson(arguments.name) if arguments.name else progress.next() or lessons()[-1]
    path, new = begin(this, folder)
    if not progress.of(this):
        progress.note(this, hints=0)
    _show_markdown(this.page)
    print(f"\n{path} is {'there for you to edit' if new else 'yours, and stays as it is; delete it to begin anew'}.")
    where = [] if folder == Path() else [str(path)]
    print(f"Then: {shell('fastshallow', 'exercise', 'check', *where)}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    this, path = submission(arguments.name, Path())
    report = check(this, path, arguments.seed)
    _note(this, path, report)
    if arguments.json:
        print_json({**asdict(report), "points": report.points, "possible": report.possible, "passed": report.passed})
    else:
        _show_report(path, report)
        if report.passed:
            print("How fast is it? fastshallow exercise bench")
    return 0 if report.passed else 1


def _note(this: Lesson, path: Path, report: Report) -> None:
    progress = Progress(path.parent)
    solved = report.passed or bool(progress.of(this).get("solved"))
    progress.note(this, points=report.points, possible=report.possible, solved=solved)


def _show_report(path: Path, report: Report) -> None:
    print(f"{path}\n")
    rows = telling.reasons(report)
    if len({each.reason for each in report.results}) == 1 and not report.passed:
        print(f"  {report.results[0].reason}")
    else:
        for mark, name, reason in rows:
            brief = len(name) + len(reason) < WIDTH - 10 and "\n" not in reason
            print(f"  {mark}  {name}{': ' + reason if brief and reason else ''}")
            for line in () if brief else reason.splitlines():
                print(textwrap.fill(line, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6))
    if report.output:
        print(f"\nIt printed:\n{textwrap.indent(telling.output(report), '  ')}")
    print(f"\n{telling.verdict(report)}")


def _bench(arguments: argparse.Namespace) -> int:
    this, path = submission(arguments.name, Path())
    report = check(this, path)
    _note(this, path, report)
    if not report.passed:
        if arguments.json:
            print_json({"passed": False, "points": report.points, "possible": report.possible})
        else:
            _show_report(path, report)
            print("It is timed when it is right.")
        return 1
    with progress_bar("timing", wanted=not arguments.json):
        found = bench(this, path)
    if found.tier:
        Progress(path.parent).note(this, tier=found.tier)
    if arguments.json:
        print_json({"passed": True, **asdict(found)})
    else:
        _show_times(this, path, found)
    return 0


def _show_times(this: Lesson, path: Path, found: Measurement) -> None:
    sizes = ", ".join(f"{letter} = {size:,}" for letter, size in this.exercise.bench.sizes.items())
    print(f"{path}, {sizes}, {this.exercise.bench.dtype}, one thread\n")
    show_table(telling.TIMES, telling.times(this, found), (0, 3))
    print(textwrap.fill(telling.grade(found), WIDTH))
    following = Progress(path.parent).next(this)
    if following and found.tier != "none":
        print(_next(following))


def _watch(arguments: argparse.Namespace) -> int:
    seen: Any = None
    print("Watching; Ctrl-C ends it.", file=sys.stderr)
    while True:
        try:
            this, path = submission(arguments.name, Path())
            now = path, path.stat().st_mtime_ns
        except FileNotFoundError:  # editors that save to a new file leave a moment without one
            if seen is None:
                raise
            now = seen
        if now != seen:
            report = check(this, path)
            _note(this, path, report)
            print(f"\n{'-' * 40}  {time.strftime('%H:%M:%S')}")
            _show_report(path, report)
            sys.stdout.flush()
            seen = now
        time.sleep(GLANCE)


def _hint(arguments: argparse.Namespace) -> int:
    this, path = submission(arguments.name, Path())
    progress = Progress(path.parent)
    level = min(int(progress.of(this).get("hints", 0)), len(this.hints) - 1)
    _show_markdown(f"Hint {level + 1} of {len(this.hints)}\n\n{this.hints[level]}")
    progress.note(this, hints=level + 1)
    return 0


def _solution(arguments: argparse.Namespace) -> int:
    this = lesson(arguments.name) if arguments.name else submission(None, Path())[0]
    if rich_on(sys.stdout):
        _show_markdown(f"```python\n{this.solution}\n```")
    else:
        print(this.solution, end="")
    return 0


def _progress(arguments: argparse.Namespace) -> int:
    progress = Progress(Path())
    if arguments.json:
        return _list(arguments)
    solved = sum(bool(progress.of(each).get("solved")) for each in lessons())
    print(f"{solved} of {len(lessons())} exercises are solved.\n")
    return _list(arguments)


def _show_markdown(text: str) -> None:
    if rich_on(sys.stdout):
        from rich.console import Console
        from rich.markdown import Markdown

        Console(width=min(WIDTH, Console().width)).print(Markdown(text))
    else:
        print(text.rstrip())


COMMANDS = {
    "list": _list,
    "start": _start,
    "check": _check,
    "bench": _bench,
    "watch": _watch,
    "hint": _hint,
    "solution": _solution,
    "progress": _progress,
}
