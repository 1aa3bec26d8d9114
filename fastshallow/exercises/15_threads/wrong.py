"""Submissions that must fail, and why."""

from ..format import Wrong

WRONG = (
    Wrong(
        "a group for each thread",
        "another number of threads",
        {"m = X.shape[1]": "m = X.shape[1]\n    group = -(-m // threads)"},
    ),
    Wrong(
        "from the last on",
        "from the last to the first",
        {"    total = found[0]": "    found.reverse()\n    total = found[0]"},
    ),
    Wrong(
        "in the order of completion",
        "is another each time",
        {"import ThreadPoolExecutor": "import ThreadPoolExecutor, as_completed"}
        | {"list(pool.map(sums, range(0, m, group)))": "[p.result() for p in as_completed(started)]"}
        | {"    with Th": "    started = []\n    with Th"},
    ),
    Wrong(
        "a lock",
        "but not in order",
        {"import numpy as np": "import threading\n\nimport numpy as np\n\nlock = threading.Lock()"},
    ),
    Wrong(
        "a mean of means",
        "mean of the groups' means",
        {"each / m for each in total": "each / len(found) for each in total"}
        | {"dZ1 *= A1": "dZ1 *= A1\n        n = x.shape[1]\n        dZ1, dZ2, dW2 = dZ1 / n, dZ2 / n, dW2 / n"},
    ),
    Wrong("the last group alone", "Only the last group counts", {"a + b for a, b": "b for a, b"}),
    Wrong(
        "no threads",
        "other threads are at work",
        {"list(pool.map(sums, range(0, m, group)))": "[sums(start) for start in range(0, m, group)]"},
    ),
)
