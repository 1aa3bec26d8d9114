"""For tests that run in an emulator: what takes long there, and is the same anywhere, is done outside of it.

`python outside.py SOCKET` is the outside. As a plugin of pytest this file is the inside; FASTSHALLOW_OUTSIDE names the
socket. LLVM makes code for AArch64 on any machine.
"""

import importlib
import os
import platform
import sys
from multiprocessing.connection import Client, Listener
from threading import Thread

FUNCTIONS = {
    "make_object": ("fastshallow.kernels.compiling", "fastshallow.kernels.building"),  # and who has imported it
    "true_values": ("test_vector_math",),  # with mpmath
}


def serve(address):
    """Answer whoever connects: the name of a function and its arguments, what it returns."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    llvm.get_process_triple = lambda: "aarch64-unknown-linux-gnu"
    functions = {name: getattr(importlib.import_module(homes[0]), name) for name, homes in FUNCTIONS.items()}

    def answer(caller):
        while True:
            try:
                name, *arguments = caller.recv()
            except EOFError:
                return
            caller.send(functions[name](*arguments))

    with Listener(address) as listener:
        while True:
            Thread(target=answer, args=(listener.accept(),), daemon=True).start()


def pytest_configure(config):
    """Let the tests ask for these functions."""
    assert platform.machine() == "aarch64", platform.machine()
    caller = Client(os.environ["FASTSHALLOW_OUTSIDE"])
    for name, homes in FUNCTIONS.items():

        def ask(*arguments, name=name):
            caller.send((name, *arguments))
            return caller.recv()

        for home in homes:
            setattr(importlib.import_module(home), name, ask)


if __name__ == "__main__":
    serve(sys.argv[1])
