#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds that one file writes to stdout and stderr (service/terminal.cpp, which escapes what would steer a
terminal), and another the log: reads the code for every other way to write there.

    tests/output_test.py            the project
    tests/output_test.py --self     this script, on breaches that it must find
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("tcb", "cache", "fetchers", "service")
WRITERS = {"terminal.cpp"}
LOG = {"log.cpp"}  # by way of spdlog's sink

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
WORDS = re.compile(r'"[^"\n]*\b(?:stdout|stderr)\b[^"\n]*"')  # in a help text
WAYS = {
    "a stream": re.compile(r"\b(cout|cerr|clog|wcout|wcerr|wclog)\b"),
    "a C stream": re.compile(r"\b(stdout|stderr)\b"),
    "C output": re.compile(r"\b(v?f?printf|v?dprintf|f?puts|f?putc|putchar|fwrite|perror|psignal)\s*\("),
    "std::print": re.compile(r"\bstd::(v?print|println)\w*\s*\(|<print>"),
    "a descriptor": re.compile(r"\bSTD(OUT|ERR)_FILENO\b|\b(write|writev|send)\s*\(\s*[12]\s*,|/dev/(tty|stdout|stderr|fd/[12])\b"),
    "CLI11's own output": re.compile(r"\.exit\s*\([^,()]*\)"),
    "spdlog's sinks": re.compile(r"spdlog/sinks/stdout|\bstd(out|err)\w*_sink"),
}


def faults(code):
    """`code`: path -> text."""
    out = []
    for path, text in sorted(code.items()):
        name = path.rpartition("/")[2]
        if name in WRITERS:
            continue
        bare = WORDS.sub('""', COMMENT.sub("", text))
        for way, pattern in WAYS.items():
            if way == "spdlog's sinks" and name in LOG:
                continue
            found = pattern.search(bare)
            if found:
                out.append(f"{path}: {way}, `{found.group(0)}`: write by service/support/terminal.h")
    return out


def read():
    return {str(path.relative_to(ROOT)): path.read_text() for layer in LAYERS
            for path in (ROOT / layer).rglob("*") if path.suffix in (".h", ".cpp", ".in")}


def self_test():
    breaches = ["std::cout << x;", "std::fprintf(f, x);", "fputs(x, f);", "fwrite(a, 1, 2, f);",
                "std::FILE* f = stderr;", "printf(\"x\");", "puts(\"x\");", "perror(\"x\");", "write(1, a, 2);",
                "write(STDERR_FILENO, a, 2);", "return app.exit(error);", "std::println(\"x\");",
                "spdlog::sinks::stderr_sink_mt sink;", "open(\"/dev/tty\");"]
    kept = ["std::snprintf(a, 1, x);", "// printf(x)", "app.exit(error, out, complaint);", "write(fd, a, 1);",
            "/* std::cout */", "Print(lines);", "json.Key(\"x\")", "WriteFile(1, a);", "#include <iostream>",
            'Option("-", "stdout instead");']
    bad = [line for line in breaches if not faults({"service/a.cpp": line})]
    bad += [line for line in kept if faults({"service/a.cpp": line})]
    if faults({"service/terminal.cpp": "fwrite(a, 1, 2, stdout);"}):
        bad.append("the writer itself")
    if not faults({"service/log.cpp": "std::cerr << x;"}):
        bad.append("the log by another way")
    return bad


def main():
    found = self_test() if "--self" in sys.argv[1:] else faults(read())
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
