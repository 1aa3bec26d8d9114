"""`fastshallow compile`: compile what the built-in formulas need, before anybody waits for it."""

from __future__ import annotations

import argparse
from time import perf_counter

from ..backends import unavailable
from ..data import files
from .console import print_json, progress_bar, seconds_text


def run(arguments: argparse.Namespace) -> int:
    """Fill the folder of compiled code; say where it is, and how long that took."""
    problem = unavailable()
    if problem:
        raise ValueError(f"nothing can be compiled here: {problem}")
    from ..backends import prepared  # which imports LLVM
    from ..kernels import objects

    if not objects.enabled():
        raise ValueError("FASTSHALLOW_CACHE=0 is set, so nothing that is compiled is kept")
    folder = objects.folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files.check_writable("FASTSHALLOW_CACHE_DIR", folder / "any")
    before = set(folder.glob("*.o"))
    work, start = prepared.units(arguments.set == "small"), perf_counter()
    with progress_bar("compiling", wanted=not arguments.json) as step:
        for done, unit in enumerate(work):
            if step:
                step(done, len(work), str(folder))
            unit()
        if step:
            step(len(work), len(work), str(folder))
    objects.write_processor()
    seconds, kept = perf_counter() - start, set(folder.glob("*.o"))
    size = sum(path.stat().st_size for path in kept)
    report = {"folder": str(folder), "compiled": len(kept - before), "files": len(kept), "bytes": size}
    if arguments.json:
        print_json(report | {"seconds": seconds})
        return 0
    print(f"{len(kept - before)} of {len(work)} units were compiled in {seconds_text(seconds)}; the others were there.")
    print(f"{folder} holds {len(kept)} files, {size / 1e6:.1f} MB. Training and predicting load them from there.")
    return 0
