"""Let ``python -m fastshallow`` do what ``fastshallow`` does."""

import sys

from .cli import main

sys.exit(main())
