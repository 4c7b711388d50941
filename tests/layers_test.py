#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the picture of the layers and rooms (docs/DESIGN.md) true: reads the #include lines, the clock calls, and the
sizes of folders, files and functions.

    tests/layers_test.py            the project
    tests/layers_test.py --self     this script, on breaches that it must find
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# -- The tables ---------------------------------------------------------------------------------------------------------

# A layer, and the layers that it may include besides itself.
LAYERS = {
    "tcb": "",
    "cache": "tcb",
    "fetchers": "tcb",
    "service": "tcb cache fetchers",
}

# A room of service/, and what it may include besides itself and tcb/: other rooms, and the layers cache and fetchers.
# The room wiring joins them; what stands directly in service/ is above it, and the command line above that.
ROOMS = {
    "support": "",
    "http": "support",
    "upstreams": "support fetchers cache",
    "baselines": "support cache fetchers",
    "verification": "support upstreams baselines cache",
    "shared": "support baselines verification cache",
    "results": "support verification cache",
    "platforms": "support upstreams cache",
    "transfer": "support platforms cache",
    "audit": "support baselines verification",
    "monitoring": "support baselines verification cache",
    "config": "support http upstreams baselines platforms audit shared cache fetchers",
    "api": "support http upstreams baselines verification results platforms transfer audit monitoring shared cache "
           "fetchers",
    "page": "support http baselines monitoring api cache",
    "dialects": "support http upstreams baselines platforms api cache fetchers",
    "wiring": "support http upstreams baselines verification results platforms transfer audit monitoring shared config api "
              "page dialects cache fetchers",
}
DOMAIN_ROOMS = "upstreams baselines verification results platforms transfer audit monitoring".split()
READ_THE_CONFIGURATION = {"config", "wiring", "cli", ""}  # "": directly in service/
DIRECTLY_IN_SERVICE = {"main", "app"}
STARTS_THE_COMMAND_LINE = "service/main.cpp"

# A folder of tcb/, and the others that it may include. The files directly in tcb/ are the words that all share
# (check.h, verdict.h, collateral.h) and the way in (verify.h); TOP are those that only the way in may know.
CORE = {
    "base": "",
    "pki": "base",
    "intel": "base pki",
    "amd": "base pki tpm",
    "tpm": "base pki",
    "vbs": "base pki",
    "openenclave": "base pki intel",
    "cose": "base pki",
    "didx509": "base pki",
    "uvm": "base pki cose didx509 amd",
    "input": "base pki intel amd openenclave uvm tpm vbs",
    "policy": "base intel amd uvm tpm vbs",
}
TOP = {"tcb/policy.h", "tcb/verify.h", "tcb/impact.h", "tcb/tcb_record.h"}

# Third-party headers have one home each: a folder or a file.
HOMES = {
    "openssl/": ["tcb/base/"],
    "simdjson.h": ["tcb/base/json.cpp"],
    "rocksdb/": ["cache/"],
    "curl/": ["fetchers/"],
    "httplib.h": [],  # for tests: simulated vendors
    "spdlog/": ["service/support/log.cpp"],
    "toml++/": ["service/support/toml_reader.h"],
    "libpq-fe.h": ["service/shared/postgres.cpp"],
    "sqlite3.h": ["service/transfer/"],
    "archive.h": ["service/transfer/"],
    "archive_entry.h": ["service/transfer/"],
    "CLI/": ["service/cli/"],
    "nlohmann/": [],  # for tests: other eyes than ours on what we write
}
# Speaking TLS, and making the certificates of `thimble init`, are no part of the core, which only reads certificates.
ALSO_OPENSSL = ["service/http/tls.cpp", "service/http/local_ca.cpp"]

# The core does no I/O and waits for nothing; every other standard header is arithmetic or memory.
NOT_IN_TCB = {"fstream", "iostream", "istream", "ostream", "sstream", "filesystem", "thread", "future", "random",
              "condition_variable", "csignal", "cstdlib", "ctime", "regex", "locale"}
POSIX = re.compile(r"^(sys/|netinet/|arpa/|linux/)\w+\.h$|^\w+\.h$")
MAY_CALL_POSIX = {"service", "fetchers"}

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

MOST_PAIRS = 30           # .h and .cpp of one name, in a folder of service/
MOST_LINES = 400          # in a file
MOST_FUNCTION_LINES = 60  # from the line of its { to that of its }

# Breaches of before these rules, each to be deleted with its cause. One that is gone fails too.
KNOWN = """
""".strip().splitlines()

# -- Reading ------------------------------------------------------------------------------------------------------------

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)


def code_of(text):
    """The text without comments and literals, its lines where they were."""
    return NOT_CODE.sub(lambda found: "\n" * found.group(0).count("\n") if "\n" in found.group(0) else " ", text)


def place_of(path):
    """(layer, folder in it): ("service", "http"); ("service", "") directly in it."""
    parts = path.split("/")
    return parts[0], parts[1] if len(parts) > 2 else ""


# -- Who includes whom --------------------------------------------------------------------------------------------------

def may_include(path, own):
    (layer, folder), (other_layer, other_folder) = place_of(path), place_of(own)
    if other_layer != layer:
        if layer == "service" and folder in ROOMS and other_layer in ("cache", "fetchers"):
            return other_layer in ROOMS[folder].split()
        return other_layer in LAYERS[layer].split()
    if layer == "service":
        return may_include_room(path, folder, other_folder)
    if layer == "tcb" and folder:
        if other_folder not in ("", folder):
            return other_folder in CORE.get(folder, "").split()
        return own not in TOP or (folder, own) == ("policy", "tcb/policy.h")
    return True


def may_include_room(path, room, other):
    if room == other or room == "cli":
        return True
    if room == "":
        return other != "cli" or path == STARTS_THE_COMMAND_LINE
    if other == "config" and room not in READ_THE_CONFIGURATION:
        return False
    return other in ROOMS.get(room, "").split()


def other_fault(path, other):
    """Of <a header>: "" when it may be included there."""
    layer = place_of(path)[0]
    for header, homes in HOMES.items():
        if other == header or header.endswith("/") and other.startswith(header):
            if header == "openssl/":
                homes = homes + ALSO_OPENSSL
            at_home = any(path == home or home.endswith("/") and path.startswith(home) for home in homes)
            return "" if at_home else f"whose home is {', '.join(homes) or 'tests/'}"
    if POSIX.match(other):
        return "" if layer in MAY_CALL_POSIX else "of the operating system"
    if "/" in other or "." in other:
        return "which has no home"
    return "for I/O or waiting" if layer == "tcb" and other in NOT_IN_TCB else ""


def include_faults(path, text):
    for own, other in INCLUDE.findall(text):
        if own and not may_include(path, own):
            yield f'{path}: includes "{own}"'
        why = other_fault(path, other) if other else ""
        if why:
            yield f"{path}: includes <{other}>, {why}"


def circles(files):
    """Headers that include each other, whichever way round."""
    includes = {path: [own for own, _ in INCLUDE.findall(text) if own in files] for path, text in files.items()}
    done = set()

    def visit(path, above):
        if path in above:
            yield "a circle of includes: " + " -> ".join([*above[above.index(path):], path])
        elif path not in done:
            for own in includes[path]:
                yield from visit(own, [*above, path])
            done.add(path)

    for path in files:
        yield from visit(path, [])


# -- Every include brings a name -----------------------------------------------------------------------------------------

TYPES = re.compile(r"\b(?:class|struct|enum\s+class|enum|union|using|concept)\s+(?:\[\[\w+\]\]\s*)?(\w+)")
MACROS = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
DECLARED = re.compile(r"\b([A-Z]\w*)\s*\(|\b(k[A-Z]\w*)\b")  # functions, constants
WORDS = re.compile(r"\w+")


def names_of(header):
    """What a header may be included for. Not members: a type is named where it is used, `auto` apart."""
    code = code_of(INCLUDE.sub("", header))
    found = {*TYPES.findall(code), *MACROS.findall(code), *(one or other for one, other in DECLARED.findall(code))}
    return found - {"std"}


def unused_includes(path, text, names):
    used = set(WORDS.findall(code_of(INCLUDE.sub("", text))))
    for own, _ in INCLUDE.findall(text):
        own_header = own.rpartition(".")[0] == path.rpartition(".")[0]
        if not own_header and own in names and names[own].isdisjoint(used):
            yield f'{path}: uses nothing of "{own}"'


# -- Sizes ----------------------------------------------------------------------------------------------------------------

NAMESPACE = re.compile(r"^\s*(inline\s+)?(namespace|extern)\b")
NAME = re.compile(r"TEST\w*\(\w+, \w+\)|[\w:~]+(?=\()")
DATA = re.compile(r"=\s*\{")
TYPE = re.compile(r"^\s*(template\s*<.*>\s*)?(class|struct|enum|union)\b")


def long_functions(path, text):
    """As clang-format lays them out: a } stands below the line of its {, and members of a class at two spaces."""
    indent, begin, statement = "", None, ""
    for number, line in enumerate(text.split("\n")):
        if begin is not None:
            if line.startswith(indent + "}"):
                if number - begin >= MOST_FUNCTION_LINES:
                    yield f"{path}: {name} has more than {MOST_FUNCTION_LINES} lines"
                begin, statement = None, ""
            continue
        if indent and line.startswith("}"):
            indent = ""
        starts = line.startswith(indent) and line[len(indent):len(indent) + 1] not in ("", " ", "/", "#", "}")
        statement = line if starts else statement + line
        if not line.rstrip().endswith("{") or NAMESPACE.match(statement):
            continue
        if TYPE.match(statement) and "(" not in statement.partition(":")[0]:
            indent = "" if indent else "  "
        elif "(" in statement and not DATA.search(statement):
            begin, name = number, NAME.search(statement).group(0)


def size_faults(files):
    pairs = {}
    for path, text in files.items():
        if text.count("\n") > MOST_LINES:
            yield f"{path}: more than {MOST_LINES} lines"
        yield from long_functions(path, text)
        folder, _, name = path.rpartition("/")
        stem = name.partition(".")[0]
        pairs.setdefault(folder, set()).add(stem)
        if folder == "service" and stem not in DIRECTLY_IN_SERVICE:
            yield f"{path}: belongs into a room"
    for folder, stems in pairs.items():
        if folder.startswith("service/") and len(stems) > MOST_PAIRS:
            yield f"{folder}/: more than {MOST_PAIRS} pairs of files"


# -- All of it -------------------------------------------------------------------------------------------------------------

def clock_faults(path, text):
    code = code_of(text)
    for what, pattern in CLOCKS.items():
        call = pattern.search(code)
        if call and what not in MAY_CALL[place_of(path)[0]]:
            yield f"{path}: reads the {what}: {call.group(0)}"


def unknown_rooms(files):
    for path in files:
        layer, folder = place_of(path)
        known = {"service": {*ROOMS, "cli", ""}, "tcb": {*CORE, ""}}.get(layer)
        if known and folder not in known:
            yield f"{path}: {layer}/{folder}/ is not in the table of {Path(__file__).name}"


ROOM_LIBRARY = re.compile(r"^thimble_room\((\w+)(?: ROOMS ([\w ]+?))?(?: WITH (.*))?\)$", re.MULTILINE)


def library_faults(cmake):
    """A room's library is linked with no more than the room may include."""
    for room, rooms, others in ROOM_LIBRARY.findall(cmake):
        linked = {*rooms.split(), *(layer for layer in ("cache", "fetchers") if f"thimble::{layer}" in others)}
        for other in sorted(linked - set(ROOMS.get(room, "app").split())):
            yield f"service/CMakeLists.txt: {room} is linked with {other}"


def faults(files, tests=None, cmake=""):
    """What is wrong with these files: {"tcb/verify.cpp": its text}. Of tests only their sizes are held to a rule."""
    names = {path: names_of(text) for path, text in files.items() if path.endswith(".h")}
    out = [*unknown_rooms(files), *circles(files), *size_faults({**files, **(tests or {})}), *library_faults(cmake)]
    for path, text in files.items():
        out += [*include_faults(path, text), *clock_faults(path, text), *unused_includes(path, text, names)]
    return out


# -- This script, on breaches -----------------------------------------------------------------------------------------------

GOOD = {
    "tcb/check.h": "enum class Check { kNone };",
    "tcb/base/a.h": '#include <string>\nstruct A {};\nA MakeA(int number);',
    "tcb/base/crypto.cpp": '#include <openssl/ec.h>\n// not system_clock::now()\n/* nor time(nullptr) */ '
                           "Instant at = run_time(nullptr_t());",
    "tcb/base/json.cpp": "#include <simdjson.h>",
    "tcb/pki/p.h": '#include "tcb/base/a.h"\n#include "tcb/check.h"\nclass P : A { Check failed; };',
    "tcb/intel/i.h": '#include "tcb/pki/p.h"\nclass I : P {};',
    "tcb/amd/m.h": '#include "tcb/pki/p.h"\nclass M : P {};',
    "tcb/policy/appraise.cpp": '#include "tcb/policy.h"\nPolicy policy;',
    "tcb/policy/rules.h": '#include "tcb/intel/i.h"\n#include "tcb/amd/m.h"\nstruct Rules { I i; M m; };',
    "tcb/policy.h": '#include "tcb/policy/rules.h"\nstruct Policy { Rules rules; };',
    "tcb/verify.h": "struct Verdict {};",
    "tcb/verify.cpp": '#include "tcb/verify.h"\n#include "tcb/policy.h"\nPolicy policy;',
    "cache/b.h": '#include "tcb/base/a.h"\n#include <rocksdb/db.h>\nstruct B : A {};',
    "fetchers/c.h": '#include <curl/curl.h>\n#include <arpa/inet.h>\nstruct C { std::chrono::steady_clock::now(); };',
    "service/support/clock.h": "struct Clock { Clock() { std::chrono::system_clock::now(); } };",
    "service/support/log.cpp": "#include <spdlog/spdlog.h>",
    "service/support/toml_reader.h": "#include <toml++/toml.h>",
    "service/http/types.h": '#include "service/support/clock.h"\nstruct Request { Clock clock; };',
    "service/http/server.cpp": "#include <sys/epoll.h>",
    "service/http/tls.cpp": "#include <openssl/ssl.h>",
    "service/config/config.h": '#include "service/http/types.h"\nstruct Config { Request r; };',
    "service/api/verify_api.h": '#include "service/http/types.h"\n#include "cache/b.h"\nB Answer(Request request);',
    "service/transfer/archive.cpp": '#include <archive.h>\n#include <sqlite3.h>\n#include "cache/b.h"\nB b;',
    "service/dialects/kds.h": '#include "service/api/verify_api.h"\n#include "fetchers/c.h"\nC Kds() { return Answer(); }',
    "service/app.h": '#include "service/dialects/kds.h"\n#include "service/config/config.h"\nConfig App(Kds());',
    "service/main.cpp": '#include "service/app.h"\n#include "service/cli/commands.h"\nApp(Run());',
    "service/cli/commands.h": '#include "service/app.h"\n#include <CLI/CLI.hpp>\nint Run() { App(); }',
    "service/http/local_ca.cpp": "#include <openssl/x509.h>",
}
BREACHES = [
    # Layers
    ("tcb/base/a.h", '#include "cache/b.h"\nB b;'),
    ("tcb/base/a.h", '#include "service/support/clock.h"\nClock clock;'),
    ("tcb/base/a.h", '#include "tests/support/sim_intel.h"'),
    ("tcb/base/a.h", '  #  include "fetchers/c.h"\nC c;'),
    ("cache/b.h", '#include "fetchers/c.h"\nC c;'),
    ("cache/b.h", '#include "service/support/clock.h"\nClock clock;'),
    ("fetchers/c.h", '#include "cache/b.h"\nB b;'),
    # Folders of the core
    ("tcb/base/a.h", '#include "tcb/pki/q.h"'),
    ("tcb/pki/q.h", '#include "tcb/intel/i.h"\nI i;'),
    ("tcb/intel/j.h", '#include "tcb/amd/m.h"\nM m;'),
    ("tcb/amd/n.h", '#include "tcb/intel/i.h"\nI i;'),
    ("tcb/intel/verify.h", '#include "tcb/policy.h"\nPolicy policy;'),
    ("tcb/intel/verify.h", '#include "tcb/policy/rules.h"\nRules rules;'),
    ("tcb/policy/appraise.cpp", '#include "tcb/verify.h"\nVerdict verdict;'),
    ("tcb/amd/verify.cpp", '#include "tcb/verify.h"\nVerdict verdict;'),
    ("tcb/arm/a.h", "struct Arm {};"),
    # Rooms: upwards, sideways, to the configuration, to HTTP
    ("service/support/a.cpp", '#include "service/http/types.h"\nRequest request;'),
    ("service/support/a.cpp", '#include "cache/b.h"\nB b;'),
    ("service/http/a.cpp", '#include "fetchers/c.h"\nC c;'),
    ("service/http/a.cpp", '#include "service/api/verify_api.h"\nAnswer();'),
    ("service/http/a.cpp", '#include "service/config/config.h"\nConfig config;'),
    ("service/api/a.cpp", '#include "service/config/config.h"\nConfig config;'),
    ("service/api/a.cpp", '#include "service/dialects/kds.h"\nKds();'),
    ("service/dialects/a.cpp", '#include "service/config/config.h"\nConfig config;'),
    ("service/dialects/a.cpp", '#include "service/app.h"\nApp();'),
    ("service/dialects/a.cpp", '#include "service/wiring/routes.h"\nRoutes();'),
    ("service/wiring/a.cpp", '#include "service/app.h"\nApp();'),
    ("service/config/a.cpp", '#include "service/api/verify_api.h"\nAnswer();'),
    ("service/verification/a.cpp", '#include "service/results/b.h"'),
    ("service/app.h", '#include "service/cli/commands.h"\nRun();'),
    ("service/lobby/a.h", "struct Lobby {};"),
    ("service/helpers.h", "struct Helpers {};"),
    *[(f"service/{room}/a.cpp", '#include "service/http/types.h"\nRequest request;') for room in DOMAIN_ROOMS],
    *[(f"service/{room}/a.cpp", '#include "service/config/config.h"\nConfig config;') for room in DOMAIN_ROOMS],
    # Homes
    *[(path, f"#include <{header}>") for path, header in [
        ("tcb/base/a.h", "curl/curl.h"), ("tcb/base/a.h", "spdlog/spdlog.h"), ("tcb/base/a.h", "simdjson.h"),
        ("tcb/pki/p.h", "openssl/ec.h"), ("tcb/base/a.h", "nlohmann/json.hpp"), ("tcb/base/a.h", "boost/asio.hpp"),
        ("tcb/base/a.h", "fstream"), ("tcb/base/a.h", "unistd.h"), ("tcb/base/a.h", "sys/socket.h"),
        ("cache/b.h", "openssl/sha.h"), ("cache/b.h", "simdjson.h"), ("cache/b.h", "fcntl.h"),
        ("fetchers/c.h", "httplib.h"), ("fetchers/c.h", "rocksdb/db.h"), ("fetchers/c.h", "openssl/ssl.h"),
        ("service/api/verify_api.h", "curl/curl.h"), ("service/http/server.cpp", "httplib.h"),
        ("service/http/types.h", "openssl/ssl.h"), ("service/http/types.h", "spdlog/spdlog.h"),
        ("service/config/config.h", "toml++/toml.h"), ("service/cli/import.cpp", "sqlite3.h"),
        ("service/cli/import.cpp", "archive.h"), ("service/cli/import.cpp", "archive_entry.h"),
        ("service/app.h", "CLI/CLI.hpp"), ("service/results/ear.cpp", "nlohmann/json.hpp")]],
    # Clocks
    ("tcb/base/a.h", "auto t = std::chrono::system_clock::now();"),
    ("tcb/base/a.h", "auto t = std::chrono::steady_clock::now();"),
    ("tcb/base/a.h", "time_t t = time(nullptr);"),
    ("tcb/base/a.h", "time_t t = std::time(&t);"),
    ("tcb/base/a.h", 'std::getenv("HOME");'),
    ("cache/b.h", "clock_gettime(CLOCK_REALTIME, &ts);"),
    ("fetchers/c.h", "auto t = std::chrono::system_clock::now();"),
    # Includes that bring nothing, and circles
    ("cache/d.cpp", '#include "tcb/base/a.h"\nint main() { return 0; }  // A MakeA'),
    ("cache/d.cpp", '#include "tcb/base/a.h"\nconst char* text = "A";'),
    ("tcb/check.h", '#include "tcb/intel/i.h"\nenum class Check { kNone };\nI i;'),
    # Sizes
    ("cache/d.cpp", "\n" * (MOST_LINES + 1)),
    ("cache/d.cpp", "int Sum(int a,\n        int b) {\n" + "  ++a;\n" * (MOST_FUNCTION_LINES - 1) + "}\n"),
    ("cache/d.cpp", "class D {\n  int Sum() const {\n" + "    ++a;\n" * (MOST_FUNCTION_LINES - 1) + "  }\n};\n"),
]


def self_test():
    assert faults(GOOD) == [], faults(GOOD)
    for path, text in BREACHES:
        assert len(faults({**GOOD, path: text})) > 0, f"not found: {path}: {text[:200]}"
    good_room = "thimble_room(http ROOMS support WITH OpenSSL::SSL)\nthimble_room(cli ROOMS app)"
    assert faults({}, cmake=good_room) == []
    for breach in ["thimble_room(http ROOMS support api)", "thimble_room(http ROOMS support WITH thimble::cache)"]:
        assert len(faults({}, cmake=breach)) == 1, breach
    full = {f"service/http/file{n}.h": f"struct S{n} {{}};" for n in range(MOST_PAIRS + 1)}
    assert faults(full) == ["service/http/: more than 30 pairs of files"], faults(full)
    at_most = "int Sum(int a) {\n" + "  ++a;\n" * (MOST_FUNCTION_LINES - 2) + "}\n"
    many_short = "namespace {\n" + at_most * 6 + "}\n"
    assert faults({"cache/d.cpp": many_short}) == [], faults({"cache/d.cpp": many_short})
    assert faults({}, {"tests/t.cpp": at_most.replace("{\n", "{\n\n", 1)}) != []


def read(*folders):
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
            for folder in folders for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".cpp", ".h")}


def main():
    self_test()
    if sys.argv[1:] == ["--self"]:
        return 0
    files, tests = read(*LAYERS), read("tests")
    found = faults(files, tests, (ROOT / "service/CMakeLists.txt").read_text(encoding="utf-8"))
    wrong = [fault for fault in found if fault not in KNOWN]
    wrong += [f"no longer true, to be deleted from KNOWN: {line}" for line in KNOWN if line not in found]
    for fault in wrong:
        print(fault)
    print(f"{len(files)} files, {len(wrong)} breaches" + (f"; {len(KNOWN)} known" if KNOWN else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
