"""Let ``python -m fastshallow`` do what ``fastshallow`` does."""

import sys

from .command.cli import main

sys.exit(main())
