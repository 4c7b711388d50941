#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads out of the built binary whether it is hardened (cmake/Hardening.cmake): elf_test.py BINARY [compiled]

Always what the linker does; with "compiled", of a Release build, what the compiler does. That code is compiled for CET is
seen by its landing pads: the note says what all inputs have, and Debian 12's start files have none of it.
"""

import re
import subprocess
import sys


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def linked(header, segments, dynamic):
    yield "PIE: its type is DYN", re.search(r"Type:\s+DYN", header)
    yield "PIE: the loader is told so", re.search(r"\(FLAGS_1\).*\bPIE\b", dynamic)
    yield "RELRO: a segment that is made read-only", "GNU_RELRO" in segments
    yield "RELRO in full: everything is bound at the start", re.search(r"BIND_NOW|\(FLAGS_1\).*\bNOW\b", dynamic)
    yield "the stack is not executable", re.search(r"GNU_STACK(\s+\S+){5}\s+RW\s", segments)
    yield "no segment is writable and executable", not re.search(r"LOAD(\s+\S+){5}\s+RWE", segments)
    yield "libraries are found where the system has them", not re.search(r"\((RPATH|RUNPATH)\)", dynamic)


def compiled(symbols, entry_pads):
    yield "stack protector: its failure is called", re.search(r"UND __stack_chk_fail\b", symbols)
    fortified = set(re.findall(r"UND (__\w+_chk)\b", symbols)) - {"__stack_chk_fail"}
    yield "FORTIFY: checked forms are called", fortified
    yield "CET: functions begin with a landing pad", entry_pads > 100


def faults(checks):
    return [what for what, found in checks if not found]


def self_test():
    bad = list(linked("Type: EXEC", "GNU_STACK 0 0 0 0 0 RWE 0x10\nLOAD 0 0 0 0 0 RWE 0x1000", "(RUNPATH)"))
    assert len(faults(bad)) == len(bad), faults(bad)
    bad = list(compiled("UND printf", 0))
    assert len(faults(bad)) == len(bad), faults(bad)


def main(binary, *more):
    self_test()
    wrong = faults(linked(run("readelf", "-hW", binary), run("readelf", "-lW", binary), run("readelf", "-dW", binary)))
    if more == ("compiled",):
        pads = run("objdump", "-d", "--no-show-raw-insn", binary).count("\tendbr64")
        wrong += faults(compiled(run("readelf", "--dyn-syms", "-W", binary), pads))
    print("\n".join(wrong) or f"{binary}: hardened")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
