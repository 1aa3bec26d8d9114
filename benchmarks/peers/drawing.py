"""The roofline: what each step reaches, under what the machine allows."""

from __future__ import annotations

import math
from itertools import groupby
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

LOOKS = {  # colour and marker
    "fastshallow": ("#d62728", "o"),
    "numpy": ("#7f7f7f", "s"),
    "torch": ("#ff9d3b", "^"),
    "torch.compile": ("#8c564b", "v"),
    "jax": ("#1f77b4", "D"),
}


def draw(results: dict[str, Any], path: str) -> None:
    """A panel for each dtype and shape: steps by examples, along the way from few to many."""
    rows = [list(by_shape(results["steps"], dtype)) for dtype in results["limits"]]
    figure, axes = plt.subplots(
        len(rows), len(rows[0]), figsize=(4.2 * len(rows[0]) + 1, 4 * len(rows) + 1), squeeze=False
    )
    for dtype, row, panels in zip(results["limits"], rows, axes, strict=True):
        panels[0].set_ylabel(f"{dtype}\nGF/s")
        for steps, panel in zip(row, panels, strict=True):
            draw_panel(panel, steps, results["limits"][dtype])
    for panel in axes[-1]:
        panel.set_xlabel("flops for each byte that must move")
    handles = {text: line for panel in axes.flat for line, text in zip(*panel.get_legend_handles_labels(), strict=True)}
    figure.legend([*handles.values()][::-1], [*handles][::-1], loc="lower center", ncols=len(handles), frameon=False)
    threads = "one thread" if results["threads"] == 1 else f"{results['threads']} threads"
    figure.suptitle(f"One step (cost and gradients), {threads}, {results['machine']['cpu']}")
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.savefig(path, dpi=130)
    plt.close(figure)


def by_shape(steps: list[dict[str, Any]], dtype: str) -> Any:
    """The steps of one dtype, in groups of one shape."""
    chosen = [step for step in steps if step["case"]["dtype"] == dtype]
    for _, group in groupby(chosen, lambda step: [step["case"][size] for size in ("n_x", "n_h", "n_y")]):
        yield list(group)


def draw_panel(panel: Any, steps: list[dict[str, Any]], roofs: dict[str, float]) -> None:
    x = np.array([step["flops"] / step["bytes"] for step in steps])
    left, right = x.min() / 3, max(x.max() * 10, 3 * roofs["peak"] / roofs["memory"])
    for name, style in ("memory", "-"), ("L2", "--"):
        bend = roofs["peak"] / roofs[name]
        panel.plot(
            [left, bend, right], np.array([left * roofs[name], *[roofs["peak"]] * 2]) / 1e9, style, color="black", lw=1
        )
        slope = math.degrees(math.atan(roofs[name] / 1e9))
        along = {"rotation": slope, "rotation_mode": "anchor", "transform_rotates_text": True, "va": "bottom"}
        start = left * 1.4, left * 1.4 * roofs[name] / 1e9
        panel.annotate(f"{name} {roofs[name] / 1e9:.0f} GB/s", start, fontsize=7, **along)
    panel.annotate(f"peak {roofs['peak'] / 1e9:.0f} GF/s", (right, roofs["peak"] / 1e9 * 1.15), fontsize=7, ha="right")
    for name, (colour, marker) in reversed(LOOKS.items()):
        if name in steps[0]["seconds"]:
            y = [step["flops"] / step["seconds"][name] / 1e9 for step in steps]
            panel.plot(x, y, marker=marker, color=colour, label=name, ms=6, lw=1, mec="white", mew=0.5)
    for close in neighbours(steps, x):
        lowest = min(step["flops"] / max(step["seconds"].values()) for step, _ in close) / 1e9
        examples = "; ".join(f"{step['case']['m']:,}" for step, _ in close)
        at = close[-1][1], lowest
        panel.annotate(f"m = {examples}", at, (0, -13), textcoords="offset points", fontsize=7, ha="center")
    sizes = steps[0]["case"]
    panel.set(xscale="log", yscale="log", title=f"{sizes['n_x']}-{sizes['n_h']}-{sizes['n_y']}", xlim=(left, right))
    panel.set_ylim(panel.get_ylim()[0] / 2, 3 * roofs["peak"] / 1e9)
    panel.grid(which="major", color="#e5e5e5", lw=0.6)


def neighbours(steps: list[dict[str, Any]], x: Any) -> list[list[Any]]:
    """Steps with their places, those too close together for labels of their own in one list."""
    groups: list[list[Any]] = []
    for step, at in zip(steps, x, strict=True):
        if groups and at < 1.7 * groups[-1][-1][1]:
            groups[-1].append((step, at))
        else:
            groups.append([(step, at)])
    return groups
