"""What ``fastshallow train`` prints: before training what is done, and after it how well that went."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backends import COMPILED
from . import lessons, tables
from .console import digits, seconds_text, shell, show_table

CLASSES, PREDICTED = 20, 8  # most classes that get a row, and a column


def announce(lesson: lessons.Lesson, result: dict[str, Any], backend: str) -> None:
    """Say what is learnt from what, and how."""
    held_out = result["examples_held_out"]
    part = f", {held_out:,} of them held out" if held_out else ""
    print(f"data      {lesson.name}: {result['examples'] + held_out:,} examples{part}; {len(lesson.X)} features")
    for i, line in enumerate(lesson.report):
        print(f"{'' if i else 'columns':10}{line}")
    if lesson.target is not None:
        kind = "a number" if lesson.output == "identity" else f"{len(lesson.target.classes)} classes"
        if lesson.target.classes:
            kind += f", {tables.listed(lesson.target.classes, 6)}"
        print(f"target    {lesson.target.name!r}: {kind}")
        values = np.unique(lesson.Y) if lesson.output == "identity" else np.empty(0)
        if 0 < len(values) <= 20 and (values == np.round(values)).all():
            print(f"          it has only {len(values)} different values: with --classify they are classes")
    shape = "-".join(map(str, result["shape"]))
    dropout = f", dropout {result['dropout']:g}" if result["dropout"] else ""
    print(f"network   {shape}, {result['hidden']}, {result['output']}, {result['dtype']}{dropout}")
    rate = "" if result["optimizer"] == "lbfgs" else f", learning rate {result['learning_rate']:g}"
    size = f", batches of {result['batch_size']:,}" if result["batch_size"] else ""
    weights = f", classes weigh {' '.join(result['class_weight'])}" if result["class_weight"] else ""
    print(f"training  {result['epochs']:,} epochs, {result['optimizer'].replace('_', ' ')}{rate}{size}{weights}")
    print(f"backend   {backend}: {result['reason']}\n", flush=True)


def show(result: dict[str, Any], data: str | None) -> None:
    """Say how well and how fast it went, and what comes next."""
    run, comparison = result["run"], result.get("comparison")
    _show_runs(result)
    if run["stopped"]:
        print(f"Ended after {run['epochs']:,} of {result['epochs']:,} epochs: {run['stopped']}.")
    if result["checkpoint"] and run["stopped"] == "interrupted":
        print(f"To go on, give the same command again with {shell('--resume', result['checkpoint'])}.")
    part, scored = ("held-out", run["held_out"]) if run["held_out"] else ("training", run["training"])
    if "rmse" in scored:
        print(f"Root mean square error of the {part} rows: {scored['rmse']:.6g}.")
    else:
        frequent = _percent(scored["most_frequent"])
        print(f"Guessing the most frequent value would be right for {frequent} of the {part} rows.")
    if "confusion" in scored:
        _show_classes(part, scored)
    if comparison:
        _show_comparison(comparison)
    if run["backend"] in COMPILED:
        took = seconds_text(run["compile_seconds"])
        print(f"Before the first epoch, compiling or loading what is compiled took {took}.")
    if result["plot"]:
        print(f"Drawn as {result['plot']}.")
    if result["saved"]:
        following = shell("fastshallow", "predict", result["saved"], data or "data.csv")
        print(f"Saved as {result['saved']}. Next: {following}")


def _show_runs(result: dict[str, Any]) -> None:
    run, comparison = result["run"], result.get("comparison")
    rows = []
    for one in (run, result["reference"]) if comparison else (run,):
        speed = f"{one['epochs'] / one['seconds']:,.0f}" if one["seconds"] else "-"
        cost = "-" if one["cost"] is None else f"{one['cost']:.6f}"
        row = [one["backend"], seconds_text(one["seconds"]), speed, cost, _score_text(one["training"])]
        rows.append(row + ([_score_text(one["held_out"])] if one["held_out"] else []))
        if comparison:
            rows[-1].append(f"{digits(result['reference']['seconds'] / one['seconds'])}x")
    kind = "R2" if "r2" in run["training"] else "accuracy"
    header = ["", "time", "epochs/s", "cost", f"{kind}, training", *(["held out"] if run["held_out"] else [])]
    show_table(header + (["speed"] if comparison else []), rows)


def _show_classes(part: str, scored: dict[str, Any]) -> None:
    classes, confusion = scored["classes"], scored["confusion"]
    order = sorted(range(len(classes)), key=lambda i: (math.isnan(scored["recall"][i]), scored["recall"][i]))
    few = f"; of {len(classes)} classes the {CLASSES} that are missed most" if len(classes) > CLASSES else ""
    columns = range(len(classes)) if len(classes) <= PREDICTED else ()
    what = ", and what its rows are taken for" if columns else ""
    print(f"\nEach class of the {part} rows{what}{few}:\n")
    header = ["", "rows", "precision", "recall", *(f"as {_short(classes[i])}" for i in columns)]
    rows = [
        [_short(classes[i]), f"{sum(confusion[i]):,}", _percent(scored["precision"][i]), _percent(scored["recall"][i])]
        + [f"{confusion[i][j]:,}" for j in columns]
        for i in (sorted(order[:CLASSES]))
    ]
    show_table(header, rows)


def _show_comparison(comparison: dict[str, Any]) -> None:
    through = comparison["through_epoch"]
    verdict = "Both give the same answer" if comparison["agree"] else "They give DIFFERENT answers"
    apart = comparison["largest_difference"]
    print(f"{verdict}: their costs through epoch {through:,} differ by {apart:.1e} at most.")
    later = comparison["largest_difference_overall"]
    if later > apart:
        print(f"(This problem amplifies rounding in its later epochs: {later:.1e} through the last.)")


def _score_text(score: dict[str, Any]) -> str:
    if "accuracy" in score:
        return _percent(score["accuracy"])
    return "-" if math.isnan(score["r2"]) else f"{score['r2']:.4f}"


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.2f} %"


def _short(name: str) -> str:
    return name if len(name) <= 16 else f"{name[:14]}.."
