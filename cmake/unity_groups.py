#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which sources of a target can be compiled as one: unity_groups.py SIZE HEADER_FOLDER... -- SOURCE... prints "GROUP SOURCE"
a line.

Two sources whose internal names meet, or that mean different types by one alias, do not go together; one whose internal name
is one of those headers', too, stays alone (group 0). It reads clang-formatted code: what an unnamed namespace declares begins
its line. A name too many costs a little time; one too few is an error of the compiler, in a build of this kind alone."""

import re
import sys
from pathlib import Path

NAME = re.compile(r"(\w+)(?: final)?\s*(?:\(|=|\{|\[|;|:(?!:))")
UNNAMED = re.compile(r"^namespace \{$(?:(.*?)^\}  // namespace$|(.*?)^\}$)", re.MULTILINE | re.DOTALL)  # one line has no comment
DECLARATION = re.compile(r"^(?!template|//|#|\}|public|private|namespace|using |[A-Z_]*TEST)\w.*?(?:[;{(=])", re.MULTILINE | re.DOTALL)


def names(text):
    constants = {name for line in re.findall(r"^const.*", text, re.MULTILINE) for name in re.findall(r"\b(k[A-Z]\w*)\s*[{=]", line)}
    return constants | {found[1] for line in DECLARATION.findall(text) if (found := NAME.search(line))}


def internal(source):
    text = Path(source).read_text()
    found = {name for blocks in UNNAMED.findall(text) for name in names("".join(blocks))}
    return found | set(re.findall(r"^#define (\w+)", text, re.MULTILINE))


def aliases(source):  # of their own, and all that a file calls by a short name
    text = Path(source).read_text()
    declared = {scoped.rsplit("::")[-1]: scoped for scoped in re.findall(r"^using (\w[\w:]*::\w+);$", text, re.MULTILINE)}
    own = dict(re.findall(r"^using (\w+) = (.*);$", text, re.MULTILINE))
    return own, declared | own


class Group:
    def __init__(self):
        self.sources, self.names, self.aliases = [], set(), {}

    def takes(self, own, also, size):
        return (
            len(self.sources) < size
            and not own & (self.names | self.aliases.keys() - also.keys())
            and all(self.aliases.get(name, meaning) == meaning for name, meaning in also.items())
        )

    def add(self, source, own, also):
        self.sources.append(source)
        self.names |= own
        self.aliases |= also


def main(size, *rest):
    folders, sources = rest[: rest.index("--")], rest[rest.index("--") + 1 :]
    headers = set()
    for folder in folders:
        for header in Path(folder).rglob("*.h"):
            headers |= names(header.read_text())
    groups = [Group()]
    for source in sources:
        own, (renamed, also) = internal(source), aliases(source)
        if (own | renamed.keys()) & headers:
            print(0, source)
            continue
        group = next((group for group in groups if group.takes(own, also, int(size))), None)
        if not group:
            group = Group()
            groups.append(group)
        group.add(source, own, also)
    for number, group in enumerate(groups, 1):
        for source in group.sources:
            print(number, source)


if __name__ == "__main__":
    main(*sys.argv[1:])
