# SPDX-License-Identifier: MIT
"""gdb's commands `type` and `program`; see gdb.sh and docs/debugging.md."""

import os

import gdb


class Type(gdb.Command):
    """type TEXT: a line for the machine's standard input, as if it were typed."""

    def __init__(self):
        super().__init__("type", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        with open(input_path, "w") as pipe:  # set by gdb.sh
            pipe.write(argument + "\n")


class Program(gdb.Command):
    """program NAME: symbols of build/user/NAME.elf, or of build/libos.elf.

Every native program begins at the same address, so only one is known at a time; a
breakpoint in it stops whichever process gets to that address."""

    def __init__(self):
        super().__init__("program", gdb.COMMAND_FILES, gdb.COMPLETE_NONE)
        self.known = None

    def invoke(self, argument, from_tty):
        build = os.path.dirname(gdb.objfiles()[0].filename)
        path = None
        for folder in ("user", "."):
            candidate = os.path.join(build, folder, argument + ".elf")
            if argument and os.path.exists(candidate):
                path = os.path.normpath(candidate)
        if not path:
            raise gdb.GdbError("program: %s is no program of %s/user" % (argument, build))
        if self.known:
            gdb.execute("remove-symbol-file " + self.known)
        gdb.execute("add-symbol-file " + path)
        self.known = path


Type()
Program()
