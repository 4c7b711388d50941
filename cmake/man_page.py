#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the manual, gzipped, out of what the binary's --help says: thimble(1), and a page a command, thimble-verify(1):
man_page.py THIMBLE DIRECTORY"""

import gzip
import re
import subprocess
import sys
from pathlib import Path

EXIT = ((0, "accepted, or done"), (1, "rejected"),
        (2, "the command line, the request or the configuration is wrong, or its role is missing"),
        (3, "something that is needed is missing, or the output could not be written; never a verdict"),
        (4, "the evidence or the collateral cannot be decoded"))
ENVIRONMENT = (("THIMBLE_SERVER", "the server that commands ask, as --server; verify asks one only by its own line"),
               ("THIMBLE_CA", "the CA of that server, as --ca"),
               ("THIMBLE_TOKEN_FILE", "the file of the token that has a role there, as --token-file"),
               ("NO_COLOR", "where it is set, nothing is in colour"),
               ("HTTPS_PROXY, NO_PROXY", "the proxy on the way to vendors, and the hosts that are asked without it"))
FILES = (("/etc/thimble/thimble.toml", "the configuration of the installed service"),
         ("client.toml", "the server that commands ask, its CA and our token: beside --config, or else in "
                         "$XDG_CONFIG_HOME/thimble (~/.config/thimble) or /etc/thimble"),
         ("/var/lib/thimble", "the store of the installed service"))


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def verbs(help_text):
    """(name, what it does) of each command."""
    return re.findall(r"^  ([a-z][\w-]*) +(\S.*(?:\n {10,}\S.*)*)", help_text.split("Options:", 1)[1], re.MULTILINE)


def block(text):
    return ".nf\n" + "".join(escaped(line) + "\n" for line in text.strip("\n").split("\n")) + ".fi\n"


def listed(entries):
    return "".join(f".TP\n{escaped(str(term))}\n{escaped(text)}\n" for term, text in entries)


def head(name, summary, version):
    return (f'.TH {escaped(name.upper())} 1 "" "Thimble {version}" "User Commands"\n'
            f".SH NAME\n{escaped(name)} \\- {escaped(summary)}\n")


def tail(see):
    return (".SH EXIT STATUS\n" + listed(EXIT) + ".SH ENVIRONMENT\n" + listed(ENVIRONMENT) + ".SH FILES\n" +
            listed(FILES) + f".SH SEE ALSO\n{see}\n")


def pages(binary):
    """Name of each page -> its text."""
    top = run(binary, "--help")
    version = run(binary, "version").split()[1]
    commands = [(name, " ".join(text.split())) for name, text in verbs(top)]
    see = ", ".join(escaped(f"thimble-{name}") + "(1)" for name, _ in commands)
    out = {"thimble": head("thimble", "collateral and verification for confidential computing", version) +
           ".SH SYNOPSIS\n.B thimble\n.I command\n[options]\n.SH DESCRIPTION\n" + block(top) +
           tail(see + ", /usr/share/doc/thimble")}
    for name, text in commands:
        page = run(binary, "help", name)
        out[f"thimble-{name}"] = (head(f"thimble-{name}", text, version) + ".SH DESCRIPTION\n" + block(page) +
                                  tail("thimble(1), /usr/share/doc/thimble"))
    return out


def main(binary, directory):
    place = Path(directory)
    place.mkdir(parents=True, exist_ok=True)
    for name, text in pages(binary).items():
        (place / f"{name}.1.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main(*sys.argv[1:])
