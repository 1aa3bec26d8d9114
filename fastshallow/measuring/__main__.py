"""A process that measures for another one: `processes.run` starts it."""

import contextlib
import sys

from .processes import serve

with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
    serve(sys.stdin, sys.stdout)
