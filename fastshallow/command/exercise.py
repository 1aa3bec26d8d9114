"""``fastshallow exercise``: exercises in performance, which check themselves."""

from __future__ import annotations

import argparse
import csv
import sys
import textwrap
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..exercises import (
    Lesson,
    Limits,
    Measurement,
    Progress,
    begin,
    bench,
    book,
    check,
    export,
    grade,
    lesson,
    lessons,
    submission,
    telling,
)
from .console import print_json, progress_bar, rich_on, shell, show_table

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
    Progress(path.parent).note_report(this, report)
    if arguments.json:
        print_json({**asdict(report), "points": report.points, "possible": report.possible, "passed": report.passed})
    else:
        print(telling.report_text(str(path), report))
        if report.passed:
            print("How fast is it? fastshallow exercise bench")
    return 0 if report.passed else 1


def _bench(arguments: argparse.Namespace) -> int:
    this, path = submission(arguments.name, Path())
    report = check(this, path)
    Progress(path.parent).note_report(this, report)
    if not report.passed:
        if arguments.json:
            print_json({"passed": False, "points": report.points, "possible": report.possible})
        else:
            print(telling.report_text(str(path), report))
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
    print(f"{path}, {telling.measured_case(this)}\n")
    show_table(telling.TIMES, telling.times(this, found), (0, 3))
    print(textwrap.fill(telling.grade(found), telling.WIDTH))
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
            Progress(path.parent).note_report(this, report)
            print(f"\n{'-' * 40}  {time.strftime('%H:%M:%S')}")
            print(telling.report_text(str(path), report))
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


def _grade(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.folder)
    if not folder.is_dir():
        raise FileNotFoundError(2, "no such folder", str(folder))
    with progress_bar("grading", wanted=not (arguments.json or arguments.csv)) as step:
        grades = grade(folder, Limits(all=arguments.seconds, gigabytes=arguments.memory), step)
    rows = [
        {
            "learner": each.learner,
            "exercise": each.lesson.name,
            "points": each.report.points,
            "possible": each.report.possible,
            "passed": each.report.passed,
            "reason": each.reason,
        }
        for each in grades
    ]
    if arguments.json:
        details = [[asdict(result) for result in each.report.results] for each in grades]
        print_json([{**row, "checks": checks} for row, checks in zip(rows, details, strict=True)])
    elif arguments.csv:
        writer = csv.DictWriter(sys.stdout, GRADED, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    elif rows:
        worth = [f"{each.report.points} of {each.report.possible}" for each in grades]
        cells = [
            [each.learner, each.lesson.name, points, _short(each.reason)]
            for each, points in zip(grades, worth, strict=True)
        ]
        show_table(["learner", "exercise", "points", "the first that fails"], cells, (0, 1, 3))
    else:
        raise ValueError(f"{folder}: no file there has the name of an exercise, such as {lessons()[0].file}")
    return 0


GRADED = ("learner", "exercise", "points", "possible", "passed", "reason")


def _short(text: str) -> str:
    return textwrap.shorten(text, 60, placeholder=" ...")


def _export(arguments: argparse.Namespace) -> int:
    print(export(lesson(arguments.name), arguments.format, Path(arguments.output)))
    return 0


def _book(arguments: argparse.Namespace) -> int:
    try:
        text = book()
    except ImportError as error:
        raise ValueError(str(error)) from None
    Path(arguments.file).write_text(text, encoding="utf-8")
    print(arguments.file)
    return 0


def _show_markdown(text: str) -> None:
    if rich_on(sys.stdout):
        from rich.console import Console
        from rich.markdown import Markdown

        Console(width=min(telling.WIDTH, Console().width)).print(Markdown(text))
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
    "grade": _grade,
    "export": _export,
    "book": _book,
}
