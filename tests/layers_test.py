#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the picture of the layers (docs/DESIGN.md) true: reads the #include lines and the clock calls.

    tests/layers_test.py            the project
    tests/layers_test.py --self     this script, on breaches that it must find
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# A layer includes itself and what is below it.
MAY_INCLUDE = {
    "tcb": {"tcb"},
    "cache": {"tcb", "cache"},
    "fetchers": {"tcb", "fetchers"},
    "service": {"tcb", "cache", "fetchers", "service"},
}

# Third-party headers have one home each.
HOMES = {
    "openssl/": {"tcb"},
    "simdjson.h": {"tcb", "service"},
    "curl/": {"fetchers"},
    "rocksdb/": {"cache"},
    "httplib.h": {"service"},
    "spdlog/": {"service"},
    "CLI/": {"service"},
    "toml++/": {"service"},
}
TLS = {"openssl/ssl.h", "openssl/err.h", "openssl/x509.h"}  # in the one file of service/ that speaks TLS
MAKES_CERTIFICATES = "service/cli/local_ca.cpp"  # for `thimble init`: the core only reads them

# The core does no I/O and waits for nothing; every other standard header is arithmetic or memory.
NOT_IN_TCB = {"fstream", "iostream", "istream", "ostream", "sstream", "filesystem", "thread", "future", "random",
              "condition_variable", "csignal", "cstdlib", "ctime", "regex", "locale"}
SYSTEM = re.compile(r"^(sys/|netinet/|arpa/|linux/)\w+\.h$|^\w+\.h$")  # POSIX

CLOCKS = {
    "wall clock": re.compile(r"\b(system|utc|file|tai|gps|high_resolution)_clock::now\b|\bgettimeofday\s*\(|"
                             r"\bclock_gettime\s*\(|\btime\s*\(\s*(nullptr|NULL|0|&\w+)\s*\)"),
    "steady clock": re.compile(r"\bsteady_clock::now\b"),
    "environment": re.compile(r"\bgetenv\s*\("),
}
MAY_CALL = {
    "tcb": set(),
    "cache": set(),
    "fetchers": {"steady clock"},  # time-outs
    "service": {"wall clock", "steady clock", "environment"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def include_fault(path, layer, own, other):
    if own is not None:
        below = own.partition("/")[0]
        return None if below in MAY_INCLUDE[layer] else f'{path}: includes "{own}"'
    for prefix, homes in HOMES.items():
        if other == prefix or prefix.endswith("/") and other.startswith(prefix):
            if layer in homes or layer == "service" and other in TLS or path == MAKES_CERTIFICATES:
                return None
            return f"{path}: includes <{other}>, whose home is {', '.join(sorted(homes))}"
    if SYSTEM.match(other):
        return None if layer in ("service", "fetchers") else f"{path}: includes <{other}>"
    if "/" in other or "." in other:
        return f"{path}: includes <{other}>, which has no home"
    return f"{path}: includes <{other}>" if layer == "tcb" and other in NOT_IN_TCB else None


def faults(files):
    """What is wrong with these files: {"tcb/verify.cpp": its text}."""
    out, tls = [], set()
    for path, text in files.items():
        layer = path.partition("/")[0]
        for own, other in INCLUDE.findall(text):
            fault = include_fault(path, layer, own or None, other)
            if fault:
                out.append(fault)
            if layer == "service" and other.startswith("openssl/") and path != MAKES_CERTIFICATES:
                tls.add(path)
        code = COMMENT.sub(" ", text)
        for what, pattern in CLOCKS.items():
            call = pattern.search(code)
            if call and what not in MAY_CALL[layer]:
                out.append(f"{path}: reads the {what}: {call.group(0)}")
    if len(tls) > 1:
        out.append(f"more than one file of service/ speaks TLS: {', '.join(sorted(tls))}")
    return out


def self_test():
    good = {
        "tcb/a.cpp": '#include "tcb/a.h"\n#include <string>\n#include <openssl/ec.h>\n// not system_clock::now()\n'
                     "/* nor time(nullptr) */ Instant at = run_time(nullptr_t());",
        "cache/b.cpp": '#include "tcb/a.h"\n#include "cache/b.h"\n#include <rocksdb/db.h>\n',
        "fetchers/c.cpp": '#include <curl/curl.h>\n#include <arpa/inet.h>\nstd::chrono::steady_clock::now();',
        "service/d.cpp": '#include "fetchers/c.h"\n#include "cache/b.h"\n#include <httplib.h>\n'
                         "#include <openssl/ssl.h>\nstd::chrono::system_clock::now();",
    }
    assert faults(good) == [], faults(good)
    for path, text in [
        ("tcb/a.cpp", '#include "cache/b.h"'),
        ("tcb/a.cpp", '#include "service/support/clock.h"'),
        ("tcb/a.cpp", '#include "tests/support/sim_intel.h"'),
        ("tcb/a.cpp", '  #  include "fetchers/c.h"'),
        ("tcb/a.cpp", "#include <curl/curl.h>"),
        ("tcb/a.cpp", "#include <fstream>"),
        ("tcb/a.cpp", "#include <unistd.h>"),
        ("tcb/a.cpp", "#include <sys/socket.h>"),
        ("tcb/a.cpp", "#include <spdlog/spdlog.h>"),
        ("tcb/a.cpp", "#include <nlohmann/json.hpp>"),
        ("tcb/a.cpp", "auto t = std::chrono::system_clock::now();"),
        ("tcb/a.cpp", "auto t = std::chrono::steady_clock::now();"),
        ("tcb/a.cpp", "time_t t = time(nullptr);"),
        ("tcb/a.cpp", "time_t t = std::time(&t);"),
        ("tcb/a.cpp", 'std::getenv("HOME");'),
        ("cache/b.cpp", '#include "fetchers/c.h"'),
        ("cache/b.cpp", '#include "service/support/clock.h"'),
        ("cache/b.cpp", "#include <openssl/sha.h>"),
        ("cache/b.cpp", "#include <simdjson.h>"),
        ("cache/b.cpp", "clock_gettime(CLOCK_REALTIME, &ts);"),
        ("fetchers/c.cpp", '#include "cache/b.h"'),
        ("fetchers/c.cpp", "#include <httplib.h>"),
        ("fetchers/c.cpp", "#include <rocksdb/db.h>"),
        ("fetchers/c.cpp", "auto t = std::chrono::system_clock::now();"),
        ("service/d.cpp", "#include <curl/curl.h>"),
        ("service/d.cpp", "#include <openssl/ec.h>"),
        ("service/e.cpp", "#include <openssl/ssl.h>"),
    ]:
        assert faults({**good, path: text}), f"not found: {path}: {text}"


def main():
    self_test()
    if sys.argv[1:] == ["--self"]:
        return 0
    files = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
             for layer in MAY_INCLUDE for path in sorted((ROOT / layer).rglob("*")) if path.suffix in (".cpp", ".h")}
    found = faults(files)
    for fault in found:
        print(fault)
    print(f"{len(files)} files, {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
