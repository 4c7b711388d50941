#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/AMD-FLOORS.md, made from deploy/baselines/amd-floors.json.

    tests/floors_manual.py            writes them
    tests/floors_manual.py --check    fails when the manual says something else
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "deploy" / "baselines" / "amd-floors.json"
MANUAL = ROOT / "docs" / "AMD-FLOORS.md"
BEGIN, END = "<!-- made by tests/floors_manual.py: begin -->", "<!-- made by tests/floors_manual.py: end -->"
SPLS = ("fmc", "bootloader", "tee", "snp")
KINDS = {"not_affected": "not affected", "not_named": "not named", "not_attestable": "not attestable",
         "unknown": "**unknown**"}


def text_of(part, cpu):
    """ "snp 27, uc 0x0A1011DE, fw 1.55.35, mit {1}" """
    out = [f"{name} {part[name]}" for name in SPLS if name in part]
    if "microcode" in part:
        out.append(f"uc 0x{cpu['patch']}{part['microcode']:02X}")
    if "version" in part:
        out.append(f"fw {part['version']}")
    for name, label in (("platform_bits", "PLATFORM_INFO"), ("mit_bits", "mit")):
        if name in part:
            out.append(f"{label} {{{', '.join(map(str, part[name]))}}}")
    return ", ".join(out)


def cell_text(cell, cpu):
    for kind, name in KINDS.items():
        if kind in cell:
            inferred = "; ".join(f"{text_of(p, cpu)} [{p['grade']}]" for p in cell.get("inferred", []))
            return f"{name} [{cell['grade']}]" + (f" ({inferred})" if inferred else "")
    parts = [f"{text_of(p, cpu)} [{p['grade']}]" for p in cell["min"] + cell.get("inferred", [])]
    if "or_policy_forbids" in cell:
        parts.append(f"or a guest policy without {', '.join(cell['or_policy_forbids'])}")
    return " · ".join(parts)


def line_table(cpu, document):
    out = [f"### {cpu['title']} (`{cpu['id']}`)", "", "| bulletin | asks | PI |", "|---|---|---|"]
    for bulletin in document["bulletins"]:
        cell = bulletin["require"][cpu["id"]]
        out.append(f"| {bulletin['id']} {bulletin['title']} | {cell_text(cell, cpu)} | {cell.get('pi', '')} |")
    return out


def tables(document):
    out = [f"Document `{document['name']}`, number {document['number']}, issued {document['issued']}, "
           f"reviewed {document['reviewed']}, stale after {document['stale_after']}.", "", "## Bulletins", "",
           "| bulletin | published | score | CVEs | effect |", "|---|---|---|---|---|"]
    for b in document["bulletins"]:
        out.append(f"| {b['id']} {b['title']} | {b['published']} | {b.get('score', '')} | {', '.join(b['cves'])} | {b['effect']} |")
    out += ["", "## Levels", "", "| level | bulletins |", "|---|---|"]
    for name, ids in document["levels"].items():
        out.append(f"| `{name}` | {'every one of this document' if len(ids) == len(document['bulletins']) else ', '.join(ids)} |")
    out += ["| `all` | every one; moves with the document |", "", "## What each line is asked for", ""]
    for cpu in document["cpus"]:
        out += line_table(cpu, document) + [""]
    out += ["## What is not certain, in order of harm", ""]
    out += [f"{i}. {text}" for i, text in enumerate(document["uncertain"], 1)]
    out += ["", "## Sources", ""] + [f"- `{name}`: {text}" for name, text in document["sources"].items()]
    return "\n".join(out)


def main():
    manual = MANUAL.read_text()
    head, rest = manual.split(BEGIN)
    tail = rest.split(END)[1]
    made = f"{head}{BEGIN}\n{tables(json.loads(DOCUMENT.read_text()))}\n{END}{tail}"
    if "--check" not in sys.argv[1:]:
        MANUAL.write_text(made)
    elif made != manual:
        print(f"{MANUAL.name} does not say what {DOCUMENT.name} does: run tests/floors_manual.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
