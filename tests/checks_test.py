#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds tcb/check.h to what it promises: each named check is used by the code, in the file that the index
says, and fails in at least one test.

    tests/checks_test.py            the project
    tests/checks_test.py --self     this script, on examples that it must find fault with
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("tcb", "cache", "fetchers", "service")
ENTRY = re.compile(r'X\((k\w+), "([^"]*)"\)\s*/\* (.*) \*/')


def index(text):
    """The checks of check.h: (enumerator, name, the places that its comment names)."""
    out = []
    for enumerator, name, comment in ENTRY.findall(text):
        out.append((enumerator, name, places(comment)))
    return out


def places(comment):
    """Files and folders after the last semicolon: "intel/collateral.cpp, verify.cpp" are two of one folder."""
    out, folder = [], ""
    for word in comment.rsplit(";", 1)[-1].replace(",", " ").split():
        if not (word.endswith(".cpp") or word.endswith(".h") or word.endswith("/")):
            continue
        if "/" in word:
            folder = word.rpartition("/")[0]
            out.append((word, word))
        else:
            out.append((word, f"{folder}/{word}" if folder else word))
    return out


def used_in(enumerator, place, code):
    """Whether a file or folder of the code uses the check. Names are relative to tcb/ or to the project."""
    for candidate in {*place, *("tcb/" + name for name in place)}:
        for path, text in code.items():
            if (path == candidate or candidate.endswith("/") and path.startswith(candidate)) and uses(text, enumerator):
                return True
    return False


def uses(text, enumerator):
    return re.search(rf"\bCheck::{enumerator}\b", text) is not None


def faults(header, code, tests):
    checks = index(header)
    out = [] if checks else ["no checks found in the index"]
    for enumerator, name, made_in in checks:
        if not any(uses(text, enumerator) for text in code.values()):
            out.append(f"{name}: {enumerator} is used by no code")
        for place in made_in:
            if not used_in(enumerator, place, code):
                out.append(f"{name}: the index says {place[0]}, which does not use {enumerator}")
        if not made_in:
            out.append(f"{name}: the index names no file")
        if not any(uses(text, enumerator) or f'"{name}"' in text for text in tests.values()):
            out.append(f"{name}: no test fails on it")
    return out


def read(folders, suffixes):
    files = (path for folder in folders for path in sorted((ROOT / folder).rglob("*")) if path.suffix in suffixes)
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}


def self_test():
    header = 'X(kA, "a.b") /* what it says; DCAP 1; intel/a.cpp */ \\\nX(kC, "c.d") /* soft: more; DCAP 2; intel/a.cpp, c.cpp */'
    code = {"tcb/intel/a.cpp": "Check::kA; Check::kC", "tcb/intel/c.cpp": "Check::kC"}
    tests = {"tests/t.cpp": 'Check::kA "c.d"'}
    assert faults(header, code, tests) == [], faults(header, code, tests)
    assert len(index(header)) == 2
    for wrong, what in [
        ((header, {"tcb/intel/a.cpp": "Check::kC", "tcb/intel/c.cpp": "Check::kC"}, tests), "a.b: kA is used by no code"),
        ((header, {"tcb/intel/a.cpp": "Check::kAB; Check::kC", "tcb/intel/c.cpp": "Check::kC"}, tests), "a.b: kA is used by no code"),
        ((header, {"tcb/intel/a.cpp": "Check::kA; Check::kC"}, tests), "c.d: the index says c.cpp, which does not use kC"),
        ((header, code, {"tests/t.cpp": "Check::kA c.d"}), "c.d: no test fails on it"),
        ((header, code, {"tests/t.cpp": 'Check::kAB "c.d"'}), "a.b: no test fails on it"),
        (('X(kA, "a.b") /* no file */', code, tests), "a.b: the index names no file"),
        (("", code, tests), "no checks found in the index"),
    ]:
        assert what in faults(*wrong), (what, faults(*wrong))
    assert used_in("kA", ("cache/", "cache/"), {"cache/store.cpp": "Check::kA"})
    assert not used_in("kA", ("cache/", "cache/"), {"cached/store.cpp": "Check::kA"})


def main():
    self_test()
    if sys.argv[1:] == ["--self"]:
        return 0
    header = (ROOT / "tcb/check.h").read_text(encoding="utf-8")
    code = read(LAYERS, {".cpp", ".h"})
    del code["tcb/check.h"]
    found = faults(header, code, read(["tests"], {".cpp", ".h"}))
    for fault in found:
        print(fault)
    print(f"{len(index(header))} checks, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
