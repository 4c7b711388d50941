#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes thimble(1), gzipped, out of what the binary's --help says: man_page.py THIMBLE thimble.1.gz"""

import gzip
import re
import subprocess
import sys
from pathlib import Path

HEADING = re.compile(r"^\S.*:$")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def verbs(help_text):
    listed = help_text.split("Subcommands:\n", 1)[1]
    return re.findall(r"^  ([a-z][\w-]*) ", listed, re.MULTILINE)


def block(text):
    return ".nf\n" + "".join(escaped(line) + "\n" for line in text.strip("\n").split("\n")) + ".fi\n"


def page(binary):
    top = run(binary, "--help")
    version = run(binary, "version").split()[1]
    out = [f'.TH THIMBLE 1 "" "Thimble {version}" "User Commands"\n',
           ".SH NAME\nthimble \\- collateral and verification for confidential computing\n",
           ".SH SYNOPSIS\n.B thimble\n.I verb\n[options]\n", ".SH DESCRIPTION\n", block(top)]
    for verb in verbs(top):
        out += [f".SH {verb.upper()}\n".replace("-", "\\-"), block(run(binary, verb, "--help"))]
    out += [".SH EXIT STATUS\n",
            *(f".TP\n{code}\n{escaped(text)}\n" for code, text in (
                (0, "accepted, or done"), (1, "rejected"), (2, "the command line or the configuration is wrong"),
                (3, "something that is needed is missing; never a verdict"),
                (4, "the evidence or the collateral cannot be decoded"))),
            ".SH FILES\n/etc/thimble/thimble.toml, /var/lib/thimble\n",
            ".SH SEE ALSO\n/usr/share/doc/thimble\n"]
    return "".join(out)


def main(binary, target):
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(page(binary).encode(), 9, mtime=0))


if __name__ == "__main__":
    main(*sys.argv[1:])
