#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds citations to one spelling, so that a search for a section finds every place that rests on it; to sections that
there are (docs/spec, docs/DESIGN.md), and names of documents to those that there are; and the specification to what it
promises: each section names its source, and each check of tcb/check.h stands in a section that its line cites.

    DCAP 6.1, DCAP 3 check 4        section or item 6.1, item 4 of section 3, of docs/spec/intel-dcap-verification.md
    SNP d.4, SNP c, "certificate table"     item 4 of section d of docs/spec/amd-sev-snp.md; what section c calls so
    PCCS 10                         section 10 of docs/spec/intel-pccs-api.md
    HCL                             section 4 of docs/spec/azure-thim.md, in tcb/check.h alone
    spec/azure-thim.md section 4    any other page
    DESIGN section 3                docs/DESIGN.md
    RFC 9334, RFC 9334 section 4.1

    tests/citations_test.py            the project
    tests/citations_test.py --self     this script, on spellings that it must find
"""

import posixpath
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "docs" / "spec"
SHORT = {"DCAP": "intel-dcap-verification.md", "SNP": "amd-sev-snp.md", "PCCS": "intel-pccs-api.md", "DESIGN": "DESIGN.md",
         "OE": "open-enclave.md", "UVM": "azure-containers.md"}
HCL = ("azure-thim.md", "4")
OWN_CHECKS = "thimble-checks.md"
SUFFIXES = {".h", ".cpp", ".py", ".md", ".txt", ".toml", ""}
EXCEPT = {"tests/citations_test.py", "LICENSE"}  # has to spell wrongly what it looks for
NAMES_THEM = {"tcb/check.h", "CONTRIBUTING.md", "docs/spec/README.md"}  # say which page a short name stands for

WRONG = [
    (re.compile(r"§|\b[Ss]ect?\. ?\d|\b[Cc]h(ap)?\. ?\d|\b[Cc]hapter \d|\bSection \d|\bSections \d"), 'write "section 4"'),
    (re.compile(r"\bRFC[-_]?\d|\brfc \d"), 'write "RFC 9334"'),
    (re.compile(r"\b(DCAP|SNP|PCCS)(-| section | sections |, section |, )\d"), 'write "DCAP 6.1"'),
    (re.compile(r"\bDESIGN(\.md)?,? (sec\. ?)?\d"), 'write "DESIGN section 3"'),
    (re.compile(r"\bspec/[\w-]+\.md,? \d"), 'write "section 4" after the file'),
    (re.compile(r"(?<!docs/)\bspec/(?![\w-]+\.\w)[\w-]+"), "name the whole file"),
]
LINE_BREAK = re.compile(r"\s*\n\s*(//+|#+(?= [a-z])|\*(?!/))?\s*")
LONG_FORM = re.compile(r"\bspec/intel-dcap-verification\.md")

# A place, more of them after ", ", " and ", " to " or "-", items by name, or a phrase of the section in quotes.
PLACE = r"(?<!\w)(?:\d+(?:\.\d+)*|[a-e](?:\.\d+)?)(?!\w)"
MORE = rf"(?:(?:, | and | to |-){PLACE})*"
ITEMS = r"(?:,? (?:checks?|steps?|items?|traps?) (?P<items>\d+(?:(?:, | and | to )\d+)*))?"
PHRASE = r'(?:, "(?P<phrase>[^"]+)")?'
SHORT_FORM = re.compile(rf"\b(?P<name>DCAP|PCCS|OE|UVM|SNP(?= [a-e]\b)) (?P<places>{PLACE}{MORE}){ITEMS}{PHRASE}")
DESIGN_FORM = re.compile(rf"\bDESIGN sections? (?P<places>\d+{MORE})")
FILE = re.compile(rf"(?<!shared/)\bspec/(?P<file>[\w-]+\.\w+)(?:,? sections? (?P<places>{PLACE}{MORE})| (?P<letters>[a-e](?:\.\d+)?"
                  rf"(?![\w]){MORE})|(?: \(|, )trap (?P<trap>\d+))?{PHRASE}")
HEADING = re.compile(r"^(#+) (?:(\d+(?:\.\d+)*)[.)]?|([a-e])\)) ")
ITEM = re.compile(r"^(\d+)\. ")
CHECK = re.compile(r'X\(k\w+, "([^"]+)"\)\s*/\* (.*?) \*/')


def sections(text):
    """{number: text} of the numbered headings, each with what is below it, and of the items under them: "3.1", "d.4". The
    whole page is "". """
    found, open_headings, under, item = {"": text}, [], "", None
    for line in text.split("\n"):
        heading = HEADING.match(line)
        numbered = ITEM.match(line)
        if heading:
            level, item = len(heading.group(1)), None
            under = heading.group(2) or heading.group(3)
            open_headings = [(depth, name) for depth, name in open_headings if depth < level] + [(level, under)]
        elif line.startswith("#"):
            item = None
        elif numbered and under:
            item = f"{under}.{numbered.group(1)}"
        elif item and line and not line.startswith(" "):
            item = None
        for name in [name for _, name in open_headings] + ([item] if item else []):
            found[name] = found.get(name, "") + line + "\n"
    return found


def places_in(text):
    """The places of "d.4 to d.6", "3.1, 3.2", "d, 9 to 18": a bare number after a letter is an item under it."""
    letter = ""
    for place in re.findall(PLACE, text or ""):
        letter = place[0] if place[0].isalpha() else letter
        yield f"{letter}.{place}" if letter and not place[0].isalpha() else place


def cited(text):
    """(page, section or "", phrase or "") of each citation."""
    for found in SHORT_FORM.finditer(text):
        page, places = SHORT[found["name"]], list(places_in(found["places"]))
        if found["items"]:
            places += [f"{places[-1]}.{item}" for item in re.findall(r"\d+", found["items"])]
        yield from ((page, place, "") for place in places)
        if found["phrase"]:
            yield page, places[-1], found["phrase"]
    for found in DESIGN_FORM.finditer(text):
        yield from ((SHORT["DESIGN"], place, "") for place in places_in(found["places"]))
    for found in FILE.finditer(text):
        places = list(places_in(found["places"] or found["letters"])) or [""]
        if found["trap"]:
            places = [f"3.{found['trap']}"]
        yield from ((found["file"], place, "") for place in places)
        if found["phrase"]:
            yield found["file"], places[-1], found["phrase"]


def misspelt(path, flat):
    for pattern, advice in WRONG:
        for found in pattern.finditer(flat):
            yield f"{path}: {flat[max(found.start() - 20, 0):found.end() + 10]!r}: {advice}"
    if path not in NAMES_THEM and LONG_FORM.search(flat):
        yield f'{path}: spec/intel-dcap-verification.md is cited as "DCAP n"'


def faults(files, pages):
    """What is wrong with these files: {path: text}, that cite these pages: {name: text}."""
    known = {name: sections(text) for name, text in pages.items()}
    for path, text in files.items():
        flat = LINE_BREAK.sub(" ", text)
        yield from misspelt(path, flat)
        for page, place, phrase in cited(flat):
            if page not in known:
                yield f"{path}: there is no spec/{page}"
            elif place not in known[page]:
                yield f"{path}: spec/{page} has no section {place}"
            elif path not in NAMES_THEM and phrase.lower() not in re.sub(r"\s+", " ", known[page][place]).lower():
                yield f'{path}: section {place} of spec/{page} does not say "{phrase}"'


def unsourced(pages):
    """Sections of a page that do not say where they come from."""
    for name, text in pages.items():
        for place, content in sections(text).items():
            if place and content.startswith("## ") and "*Source" not in content:
                yield f"spec/{name}: section {place} names no source"


def dead_documents(files, listed):
    """Documents that a file names and that are not there: docs/X.md anywhere, and the targets of links."""
    for path, text in files.items():
        named = set(re.findall(r"(?<![\w/])docs/[\w/-]+\.md", text))
        if path.endswith(".md"):
            named |= {posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
                      for link in re.findall(r"\]\(([^)#:]+)\)", text)}
        yield from (f"{path}: there is no {name}" for name in sorted(named - listed))


def unspecified(header, pages):
    """Checks that no section speaks of which their line in check.h cites; those that cite none, of Thimble's own."""
    known = {name: sections(text) for name, text in pages.items()}
    for name, comment in CHECK.findall(header):
        places = [(page, place) for page, place, _ in cited(comment) if page in known]
        if re.search(r"; HCL;", comment):
            places.append(HCL)
        places = places or [(OWN_CHECKS, "")]
        if not any(f"`{name}`" in known.get(page, {}).get(place, "") for page, place in places):
            where = ", ".join(f"spec/{page} section {place}".removesuffix(" section ") for page, place in places)
            yield f"tcb/check.h: {name} does not stand in {where}"


def self_test():
    pages = {
        "intel-dcap-verification.md": "## 3. Info\n*Source: x*\n4. `tcb_info.mismatch` four\n\n## 6. TCB\n*Source: x*\n### 6.1 Per\n"
                                      "## 8. Traps\n*Source: x*\n5. hex\n   and more\n",
        "azure-thim.md": "## 4) HCL report\n*Source: x*\n`hcl.format`\n",
        "amd-sev-snp.md": "## a) KDS\n*Source: x*\n7. bodies\n\n## d) Verification\n*Source: x*\n4. chain\n5. leaf: a Certificate\n   table\n",
        "intel-pccs-api.md": "## 10. PCK\n*Source: x*\n", "intel-qcnl-client.md": "## 3. Traps\n*Source: x*\n1. 503\n",
        "DESIGN.md": "## 3. Cache\n", OWN_CHECKS: "## 1. Of any\n*Source: x*\n`nonce.mismatch`\n"}
    good = {"a.cpp": "// (DCAP 6.1, 8.5; SNP d.4, RFC 9334 section 4.1; spec/azure-thim.md section 4, DESIGN section\n// 3)\n"
                     "// An SNP report, PCCS 10; spec/azure-thim.md. DCAP 3 check 4, SNP a, d.4 to d.5; SNP d.5, \"certificate\n"
                     "// table\"; spec/amd-sev-snp.md a, d, 4; spec/intel-qcnl-client.md, trap 1. DCAP 3.4-3.4\n"}
    assert list(faults(good, pages)) == [], list(faults(good, pages))
    for wrong in ["DCAP §6.1", "DCAP section 6.1", "DCAP-6", "RFC9334", "RFC-9334", "rfc 9334", "DESIGN 3", "DESIGN.md 3",
                  "(DESIGN\n// 3)", "spec/azure-thim.md 4", "spec/azure-thim section 4", "Section 4 of it", "sec. 4", "chapter 4",
                  "spec/intel-dcap-verification.md section 6", "DCAP 6.9", "DCAP 7", "SNP d.6", "SNP e", "PCCS 11",
                  "spec/azure-thim.md section 5", "spec/azure.md", "DCAP 6.1, 7", "DCAP 3 check 5", "SNP d.4 to d.6",
                  "spec/amd-sev-snp.md b", "spec/amd-sev-snp.md d, 4 to 6", "spec/intel-qcnl-client.md, trap 2", "DESIGN section 4",
                  'SNP d.4, "certificate table"']:
        assert list(faults({"a.cpp": "// " + wrong}, pages)) != [], f"not found: {wrong}"
    assert list(unsourced(pages)) == ["spec/DESIGN.md: section 3 names no source"], list(unsourced(pages))
    linked = {"docs/a.md": "see docs/b.md, [c](c.md), [d](../d.md), [e](https://e/f.md)", "a.h": "// docs/b.md"}
    assert list(dead_documents(linked, {"docs/a.md", "docs/b.md", "docs/c.md", "d.md"})) == []
    assert list(dead_documents(linked, {"docs/a.md", "d.md"})) == ["docs/a.md: there is no docs/b.md", "docs/a.md: there is no docs/c.md",
                                                                   "a.h: there is no docs/b.md"]
    line = 'X(kA, "{}")  /* what; {}; a.cpp */ \\\n'
    for name, where in [("tcb_info.mismatch", "DCAP 3 checks 4"), ("hcl.format", "HCL"), ("nonce.mismatch", "of ours")]:
        assert list(unspecified(line.format(name, where), pages)) == [], name
    for name, where in [("tcb_info.mismatch", "DCAP 6"), ("hcl.else", "HCL"), ("nonce.else", "of ours"), ("hcl.format", "of ours")]:
        assert list(unspecified(line.format(name, where), pages)) != [], name


def main():
    self_test()
    if sys.argv[1:] == ["--self"]:
        return 0
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    files = {path: (ROOT / path).read_text(encoding="utf-8", errors="replace") for path in listed
             if path and Path(path).suffix in SUFFIXES and path not in EXCEPT and (ROOT / path).is_file()}
    pages = {path.name: path.read_text(encoding="utf-8") for path in SPEC.glob("*.md")}
    design = (ROOT / "docs" / "DESIGN.md").read_text(encoding="utf-8")
    header = (ROOT / "tcb" / "check.h").read_text(encoding="utf-8")
    found = [*faults(files, {**pages, "DESIGN.md": design}), *unsourced(pages), *unspecified(header, pages),
             *dead_documents(files, set(listed))]
    for fault in found:
        print(fault)
    citations = sum(len(list(cited(LINE_BREAK.sub(" ", text)))) for text in files.values())
    print(f"{len(files)} files, {citations} citations, {len(CHECK.findall(header))} checks, {len(pages)} pages: {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
