#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which sources of a target can be compiled as one: unity_groups.py ROOT SIZE SOURCE... prints "GROUP SOURCE" a line.

Two sources whose internal names meet do not go together, and one whose internal name is a header's, too, stays alone (group
0). It reads clang-formatted code: what an unnamed namespace declares begins its line. A name too many costs a little time; one
too few is an error of the compiler, in a build of this kind alone."""

import re
import sys
from pathlib import Path

NAME = re.compile(r"(\w+)\s*(?:\(|=|\{|\[|;|:(?!:))")
UNNAMED = re.compile(r"^namespace \{$(?:(.*?)^\}  // namespace$|(.*?)^\}$)", re.MULTILINE | re.DOTALL)  # one line has no comment
DECLARATION = re.compile(r"^(?!template|//|#|\}|public|private|namespace|using [\w:]+;)\w.*?(?:[;{(=])", re.MULTILINE | re.DOTALL)


def names(text):
    return {found[1] for line in DECLARATION.findall(text) if (found := NAME.search(line))}


def internal(source):
    text = Path(source).read_text()
    return {name for blocks in UNNAMED.findall(text) for name in names("".join(blocks))} | set(re.findall(r"^#define (\w+)", text, re.MULTILINE))


def main(root, size, *sources):
    headers = set()
    for folder in ("tcb", "cache", "fetchers", "service", "tests/support"):
        for header in Path(root, folder).rglob("*.h"):
            headers |= names(header.read_text())
    groups = []  # [sources, their names]
    for source in sources:
        own = internal(source)
        if own & headers:
            print(0, source)
            continue
        for group in groups:
            if len(group[0]) < int(size) and not own & group[1]:
                group[0].append(source)
                group[1].update(own)
                break
        else:
            groups.append([[source], set(own)])
    for number, (members, _) in enumerate(groups, 1):
        for source in members:
            print(number, source)


if __name__ == "__main__":
    main(*sys.argv[1:])
