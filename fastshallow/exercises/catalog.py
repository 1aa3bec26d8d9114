"""The exercises: each a folder of this wing, in the order of their numbers."""

from __future__ import annotations

import difflib
import functools
import importlib
import re
from dataclasses import dataclass
from pathlib import Path

from .child import module_at
from .format import Exercise, Formula, Wrong

HERE = Path(__file__).parent
FOLDER = re.compile(r"(\d+)_(\w+)")


class ExerciseError(ValueError):
    """There is no such exercise, or no such file."""


@dataclass(frozen=True)
class Lesson:
    """An exercise with the files beside it."""

    name: str  # that of the folder
    folder: Path

    @property
    def file(self) -> str:
        """The name of the learner's file."""
        return f"{self.name}.py"

    @functools.cached_property
    def exercise(self) -> Exercise:
        """What is checked, counted and timed."""
        module = importlib.import_module(f".{self.name}.exercise", __package__)
        exercise: Exercise = module.EXERCISE
        return exercise

    @property
    def page(self) -> str:
        """The task, as Markdown."""
        return self._text("page.md")

    @property
    def stub(self) -> str:
        """What a learner begins with."""
        return self._text("stub.py")

    @property
    def solution(self) -> str:
        """One that reaches the top tier, with its reasons."""
        return self._text("solution.py")

    @property
    def wrong(self) -> tuple[Wrong, ...]:
        """Submissions that must fail."""
        wrong: tuple[Wrong, ...] = importlib.import_module(f".{self.name}.wrong", __package__).WRONG
        return wrong

    @property
    def hints(self) -> list[str]:
        """Each says more than the one before."""
        return [text.strip() for text in re.split(r"(?m)^## .*$", self._text("hints.md"))[1:]]

    def solved(self) -> Formula:
        """The solution's function."""
        function: Formula = getattr(module_at(str(self.folder / "solution.py")), self.exercise.function)
        return function

    def _text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


@functools.cache
def lessons() -> tuple[Lesson, ...]:
    """All exercises."""
    folders = (path for path in HERE.iterdir() if FOLDER.fullmatch(path.name) and (path / "exercise.py").is_file())
    return tuple(Lesson(path.name, path) for path in sorted(folders, key=lambda path: int(path.name.split("_")[0])))


def lesson(name: str) -> Lesson:
    """The exercise of this name: 03_all_examples, all_examples, all-examples, 3, or a file of this name or folder."""
    path = Path(name)
    wanted = path.name.removesuffix(".py").lower().replace("-", "_").replace(" ", "_")
    for each in lessons():
        number, short = each.name.split("_", 1)
        named = wanted in (each.name, short) or (wanted.isdecimal() and int(wanted) == int(number))
        if named or (path.suffix == ".py" and path.parent.name == each.name):
            return each
    names = [each.name.split("_", 1)[1] for each in lessons()]
    close = difflib.get_close_matches(wanted.lstrip("0123456789_"), names, 1)
    hint = f"did you mean {close[0]}?" if close else "fastshallow exercise list shows all"
    raise ExerciseError(f"there is no exercise {name!r}; {hint}")
