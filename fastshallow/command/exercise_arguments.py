"""What ``fastshallow exercise`` understands."""

from __future__ import annotations

import argparse

from .kinds import positive, seed

EXERCISE = """examples:
  fastshallow exercise list
  fastshallow exercise start                      the next one, into this folder
  fastshallow exercise start 3 course             the third, into the folder course
  fastshallow exercise check                      the file that you saved last
  fastshallow exercise watch                      check whenever you save
  fastshallow exercise bench                      how fast it is, beside a baseline and the solution
  fastshallow exercise hint                       a little more each time
  fastshallow exercise grade submissions --csv    for teachers

A name is 03_all_examples, all_examples, 3, or the file of an exercise."""


def add_exercise_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of exercises."""
    commands = parser.add_subparsers(dest="what", metavar="COMMAND", required=True, parser_class=type(parser))

    def command(name: str, summary: str, *, one: bool = False, json: bool = False) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if one:
            made.add_argument("name", nargs="?", metavar="NAME", help="default: the file that was saved last")
        if json:
            made.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        return made

    command("list", "show all exercises", json=True)
    start = command("start", "show the page of an exercise, and write a file to work in")
    start.add_argument("name", nargs="?", metavar="NAME", help="default: the first that is not solved")
    start.add_argument("folder", nargs="?", default=".", metavar="DIR", help="default: this folder")
    check = command("check", "check whether it is right, on inputs that are drawn anew", one=True, json=True)
    check.add_argument("--seed", type=seed, metavar="N", help="draw the inputs from this number, as a report names it")
    command("bench", "time it, beside a baseline and the solution", one=True, json=True)
    command("watch", "check whenever a file is saved, until Ctrl-C", one=True)
    command("hint", "show one hint more", one=True)
    command("solution", "show the solution, with its reasons", one=True)
    command("progress", "show what is done", json=True)
    grade = command("grade", "check many submissions, each in processes of its own", json=True)
    grade.add_argument("folder", metavar="FOLDER", help="a folder a learner, or files of one exercise")
    grade.add_argument("--csv", action="store_true", help="print a row a submission, as CSV")
    grade.add_argument("--seconds", type=positive, default=60.0, metavar="S", help="for a submission (default: 60)")
    grade.add_argument("--memory", type=positive, default=4.0, metavar="GB", help="for a submission (default: 4)")
    export = command("export", "write an exercise as an assignment for a grader of notebooks")
    export.add_argument("name", metavar="NAME")
    export.add_argument("--format", choices=("nbgrader", "otter"), required=True)
    export.add_argument("--output", default=".", metavar="DIR", help="default: this folder")
    book = command("book", "write all pages into one HTML file")
    book.add_argument("file", nargs="?", default="exercises.html", metavar="FILE", help="default: exercises.html")
