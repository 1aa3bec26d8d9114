"""How the tests are run."""

import gc
import signal

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """With -n, keep neighbours in one process: they use the same kernels, which compile for seconds."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "worksteal"


def pytest_collection_finish():
    """Let the collector leave alone what is imported: a million objects, 0.2 s whenever a measurement calls it."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def run(capsys):
    """Run the command in this process: its exit status, what it printed, and what it complained about."""

    from fastshallow.command.cli import main

    def call(*arguments):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as exit:  # argparse leaves so
            status = exit.code
        return status, *capsys.readouterr()

    return call


if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # so a shell starts what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
