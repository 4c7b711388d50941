#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds citations to one spelling, so that a search for a section finds every place that rests on it; and, where the
specifications lie beside the project (../shared/spec), to sections that there are.

    DCAP 6.1                        section or item 6.1 of spec/intel-dcap-verification.md
    SNP d.4                         item 4 of section d of spec/amd-sev-snp.md
    PCCS 10                         section 10 of spec/intel-pccs-api.md
    spec/azure-thim.md section 4    any other specification
    DESIGN section 3                the design of the project
    RFC 9334, RFC 9334 section 4.1

    tests/citations_test.py            the project
    tests/citations_test.py --self     this script, on spellings that it must find
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT.parent / "shared" / "spec"
SHORT = {"DCAP": "intel-dcap-verification.md", "SNP": "amd-sev-snp.md", "PCCS": "intel-pccs-api.md"}
SUFFIXES = {".h", ".cpp", ".py", ".md", ".txt", ".toml", ""}
EXCEPT = {"tests/citations_test.py", "LICENSE"}  # has to spell wrongly what it looks for
NAMES_THEM = {"tcb/check.h", "CONTRIBUTING.md"}  # say which specification a short name stands for

WRONG = [
    (re.compile(r"§|\b[Ss]ect?\. ?\d|\b[Cc]h(ap)?\. ?\d|\b[Cc]hapter \d|\bSection \d|\bSections \d"), 'write "section 4"'),
    (re.compile(r"\bRFC[-_]?\d|\brfc \d"), 'write "RFC 9334"'),
    (re.compile(r"\b(DCAP|SNP|PCCS)(-| section | sections |, section |, )\d"), 'write "DCAP 6.1"'),
    (re.compile(r"\bDESIGN(\.md)?,? (sec\. ?)?\d"), 'write "DESIGN section 3"'),
    (re.compile(r"\bspec/[\w-]+\.md,? \d"), 'write "section 4" after the file'),
    (re.compile(r"\bspec/[\w-]+(?![\w.-])"), "name the whole file"),
]
LINE_BREAK = re.compile(r"\s*\n\s*(//+|#+(?= [a-z])|\*(?!/))?\s*")
LONG_FORM = re.compile(r"\bspec/intel-dcap-verification\.md")
SHORT_FORM = re.compile(r"\b(DCAP|PCCS) (\d+(?:\.\d+)*)|\bSNP ([a-e])(?:\.(\d+))?(?![\w.])")
FILE = re.compile(r"\bspec/([\w-]+\.\w+)(?: sections? (\d+(?:\.\d+)*))?")
HEADING = re.compile(r"^#+ (?:(\d+(?:\.\d+)*)[.)]?|([a-e])\)) ")


def sections(text):
    """The numbers of headings, and of the items of the numbered lists under them: "3.1", "8.5", "d.4"."""
    found, under = set(), ""
    for line in text.split("\n"):
        heading = HEADING.match(line)
        item = re.match(r"(\d+)\. ", line)
        if heading:
            under = heading.group(1) or heading.group(2)
            found.add(under)
        elif item and under:
            found.update({f"{under}.{item.group(1)}", f"{under[:1]}.{item.group(1)}"})
    return found


def cited(text):
    """(file, section or "") of each citation."""
    for name, number, letter, item in SHORT_FORM.findall(text):
        yield SHORT[name or "SNP"], number or letter + ("." + item if item else "")
    for file, number in FILE.findall(text):
        yield file, number


def faults(files, specs=None):
    """What is wrong with these files: {path: text}. `specs`: {file: its text}, or None when they are not at hand."""
    known = {name: sections(text) for name, text in (specs or {}).items()}
    for path, text in files.items():
        flat = LINE_BREAK.sub(" ", text)
        for pattern, advice in WRONG:
            for found in pattern.finditer(flat):
                yield f"{path}: {flat[max(found.start() - 20, 0):found.end() + 10]!r}: {advice}"
        if path not in NAMES_THEM and LONG_FORM.search(flat):
            yield f'{path}: spec/intel-dcap-verification.md is cited as "DCAP n"'
        for file, number in cited(flat) if specs else ():
            if file not in known:
                yield f"{path}: there is no spec/{file}"
            elif number and number not in known[file]:
                yield f"{path}: spec/{file} has no section {number}"


def self_test():
    specs = {"intel-dcap-verification.md": "## 6. TCB\n### 6.1 Per\n## 8. Traps\n5. hex\n", "azure-thim.md": "## 4) HCL report\n",
             "amd-sev-snp.md": "## d) Verification\n4. chain\n", "intel-pccs-api.md": "## 10. PCK\n"}
    good = {"a.cpp": "// (DCAP 6.1, 8.5; SNP d.4, RFC 9334 section 4.1; spec/azure-thim.md section 4, DESIGN section\n// 3)\n"
                     "// An SNP report, PCCS 10; spec/azure-thim.md."}
    assert list(faults(good, specs)) == [], list(faults(good, specs))
    for wrong in ["DCAP §6.1", "DCAP section 6.1", "DCAP-6", "RFC9334", "RFC-9334", "rfc 9334", "DESIGN 3", "DESIGN.md 3",
                  "(DESIGN\n// 3)", "spec/azure-thim.md 4", "spec/azure-thim section 4", "Section 4 of it", "sec. 4", "chapter 4",
                  "spec/intel-dcap-verification.md section 6", "DCAP 6.9", "DCAP 7", "SNP d.5", "SNP e", "PCCS 11",
                  "spec/azure-thim.md section 5", "spec/azure.md"]:
        assert list(faults({"a.cpp": "// " + wrong}, specs)) != [], f"not found: {wrong}"


def main():
    self_test()
    if sys.argv[1:] == ["--self"]:
        return 0
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    files = {path: (ROOT / path).read_text(encoding="utf-8", errors="replace") for path in listed
             if path and Path(path).suffix in SUFFIXES and path not in EXCEPT and (ROOT / path).is_file()}
    specs = {path.name: path.read_text(encoding="utf-8") for path in SPEC.iterdir()} if SPEC.is_dir() else None
    found = list(faults(files, specs))
    for fault in found:
        print(fault)
    print(f"{len(files)} files, {len(found)} citations misspelt or leading nowhere" +
          ("" if specs else "; the specifications are not at hand"))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
