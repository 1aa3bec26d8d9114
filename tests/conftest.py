"""How the tests are run."""

import signal

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """With -n, keep neighbours in one process: they use the same kernels, which compile for seconds."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "worksteal"


if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # so a shell starts what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
