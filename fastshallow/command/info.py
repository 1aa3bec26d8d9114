"""``fastshallow info``: what decides speed on this machine."""

from __future__ import annotations

import argparse

from ..measuring import machine
from .console import print_json


def run(arguments: argparse.Namespace) -> int:
    """Show what decides speed on this machine."""
    found = machine()
    if arguments.json:
        print_json(found)
        return 0
    lanes = f"{found['float32_lanes']} float32 or {found['float64_lanes']} float64"
    cores = f"{found['cores_allowed']} of {found['cores']} for this process"
    where = found["cache_folder"] if found["cache"] else "off (FASTSHALLOW_CACHE=0)"
    rows = [
        ["processor", found["cpu"]],
        ["vector registers", f"{found['vector_bits']} bits in use: {lanes}"],
        ["cores", cores if found["cores_allowed"] != found["cores"] else str(found["cores"])],
        ["threads", f"up to {found['threads']}"],
        ["threading layer", found["threading_layer"]],
        ["NumPy's BLAS", f"{found['blas']}; threads: {found['blas_threads'] or 'its own choice'}"],
        ["compiled code", where],
        ["system", found["system"]],
        *([name, version or "not installed as a package"] for name, version in found["versions"].items()),
        *([f"backend {name}", state] for name, state in found["backends"].items()),
    ]
    for name, text in rows:
        print(f"{name:18}{text}")
    return 0
