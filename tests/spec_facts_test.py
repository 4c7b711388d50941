#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the numbers that docs/spec states to those that the code reads by: offsets of quotes and reports, GUIDs, anchors,
bodies of PCCS. Each is taken out of the source and looked for on its page.

    tests/spec_facts_test.py           the project
    tests/spec_facts_test.py --self    this script, on examples that it must find fault with
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\|(.*)\|$", re.M)
PROSE = re.compile(r"(\w+) \(\d+, at (\w+)\)")


def plain(name):
    return re.sub(r"\W.*|_", "", name).upper()


def stated(page, base):
    """{(NAME, offset)} of a page: in tables whose cells go offset, size, name; and in words, NAME (size, at offset)."""
    out = set()
    for row in ROW.findall(page):
        cells = [cell.strip() for cell in row.split("|")]
        for offset, _, name in zip(cells, cells[1:], cells[2:]):
            if re.fullmatch(r"[0-9A-F]+", offset) and name:
                out.update((plain(one), int(offset, base)) for one in name.split(",")[:1])
    out.update((plain(name), int(offset, base)) for name, offset in PROSE.findall(page) if re.fullmatch(r"[0-9A-F]+", offset))
    return out


def quote_fields(source):
    for name, offset in re.findall(r"\w+\.(\w+) = Take(?:Array<|U16<|<[A-Za-z][\w().]*, )(\d+)[,>]", source):
        yield plain(name), int(offset)


def report_fields(source):
    for offset, name in re.findall(r"Copy<0x(\w+)>\(block, claims\.(\w+)\)", source):
        yield plain(name), int(offset, 16)
    for name, offset in re.findall(r"claims\.(\w+) = (?:Number|Array)<0x(\w+), ", source):
        yield plain(name.removeprefix("raw_")), int(offset, 16)


def guids(source):
    for array in re.findall(r"\{\{((?:0x\w\w, ){15}0x\w\w)\}", re.sub(r"\s+", " ", source)):
        digits = array.replace("0x", "").replace(", ", "")
        yield "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def digests(source):
    return re.findall(r'"([0-9a-f]{64})"', source)


def bodies(source):
    return [text for text in re.findall(r'"([A-Z][^"]*\.)"', source) if "evaluation data number" not in text]


def missing(facts, known, page):
    facts = list(facts)
    if not facts:
        yield f"{page}: nothing was found in the source that it describes"
    yield from (f"{page} does not say {fact}" for fact in facts if fact not in known)


def faults(code, pages):
    dcap, snp, pccs, anchors = (pages[name] for name in ("intel-dcap-verification", "amd-sev-snp", "intel-pccs-api", "trust-anchors"))
    yield from missing(quote_fields(code["tcb/intel/quote.cpp"]), stated(dcap, 10), "DCAP 1.2")
    yield from missing(report_fields(code["tcb/amd/report.cpp"]), stated(snp, 16), "SNP c")
    yield from missing(guids(code["tcb/amd/report.cpp"]), snp, "SNP c")
    yield from missing(digests(code["tcb/pki/trust_anchors.cpp"]), anchors, "trust-anchors 1")
    yield from missing(bodies(code["service/dialects/pccs_answers.cpp"]), pccs, "PCCS 3")


SOURCES = ("tcb/intel/quote.cpp", "tcb/amd/report.cpp", "tcb/pki/trust_anchors.cpp", "service/dialects/pccs_answers.cpp")
PAGES = ("intel-dcap-verification", "amd-sev-snp", "intel-pccs-api", "trust-anchors")


def read():
    code = {path: (ROOT / path).read_text(encoding="utf-8") for path in SOURCES}
    pages = {name: (ROOT / "docs/spec" / f"{name}.md").read_text(encoding="utf-8") for name in PAGES}
    return code, pages


def self_test():
    """Each fact, changed on its page alone, is missed."""
    code, pages = read()
    for page, old, new in [("intel-dcap-verification", "| 520 | 64 | REPORTDATA", "| 519 | 64 | REPORTDATA"),
                           ("intel-dcap-verification", "(48, at 600)", "(48, at 601)"), ("amd-sev-snp", "| 1A0 | 64", "| 1A1 | 64"),
                           ("amd-sev-snp", "c0b406a4", "c0b406a5"), ("intel-pccs-api", "Authentication failed.", "Failed."),
                           ("trust-anchors", "a0af031289", "a0af031288")]:
        assert old in pages[page], old
        assert list(faults(code, {**pages, page: pages[page].replace(old, new)})) != [], f"not missed: {old}"
    assert len(list(faults(dict.fromkeys(SOURCES, ""), pages))) == 5


def main():
    self_test()
    if sys.argv[1:] == ["--self"]:
        return 0
    found = list(faults(*read()))
    for fault in found:
        print(fault)
    print(f"{len(found)} numbers of docs/spec differ from the code's")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
