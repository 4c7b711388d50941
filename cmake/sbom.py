#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what a binary is made of (CycloneDX 1.5), out of what linked and compiled it: sbom.py BUILD_DIR BINARY OUT

The libraries that it needs at run time are those that the linker wrote into it; what is inside of it are the packages of
the headers that Ninja saw the compiler read, and of the archives that it was linked with. Equal builds give equal files.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def needed(binary):
    """The shared libraries that the binary names, as files here."""
    names = re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "-dW", binary))
    found = dict(re.findall(r"^\s*(\S+) => (/\S+)", run("ldd", binary), re.MULTILINE))
    return [found[name] for name in names if name in found]


def compiled_in(build, target):
    """The headers and archives of other packages that are inside."""
    commands = run("ninja", "-C", build, "-t", "commands", target)
    objects = set(re.findall(r" -o (\S+\.o)\b", commands))
    headers, current = set(), None
    for line in run("ninja", "-C", build, "-t", "deps").splitlines():
        if not line.startswith(" "):
            current = line.split(":")[0]
        elif current in objects:
            headers.add(os.path.normpath(os.path.join(build, line.strip())))  # a compiler cache makes them relative
    archives = {word for word in commands.split("\n")[-2].split() if word.startswith("/usr/") and word.endswith(".a")}
    return sorted(path for path in headers | archives if path.startswith("/usr/"))


def packages_of(files):
    """{package: version} of Debian that own the files."""
    owners = set()
    paths = sorted({form for name in files for form in (name, os.path.realpath(name))})
    for first in range(0, len(paths), 500):
        found = subprocess.run(["dpkg-query", "-S", *paths[first:first + 500]], capture_output=True, text=True).stdout
        for line in found.splitlines():
            if not line.startswith("diversion "):
                owners.update(name.strip() for name in line.rsplit(": ", 1)[0].split(","))
    if not owners:
        return {}
    shown = run("dpkg-query", "-W", "-f=${Package} ${Version} ${Architecture}\n", *sorted(owners))
    return {line.split()[0]: tuple(line.split()[1:]) for line in shown.splitlines()}


def component(name, version, architecture, how):
    purl = f"pkg:deb/debian/{name}@{version.replace('+', '%2B').replace(':', '%3A')}?arch={architecture}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "scope": "required", "purl": purl,
            "properties": [{"name": "thimble:linkage", "value": how}]}


def bill(build, binary):
    digest = hashlib.sha256(Path(binary).read_bytes()).hexdigest()
    version = run(binary, "version").split()[1]
    shared, inside = packages_of(needed(binary)), packages_of(compiled_in(build, os.path.relpath(binary, build)))
    parts = [component(name, *shared[name], "shared") for name in sorted(shared)]
    parts += [component(name, *inside[name], "compiled in") for name in sorted(inside)]
    ref = f"pkg:generic/thimble@{version}"
    metadata = {"component": {"type": "application", "bom-ref": ref, "name": "thimble", "version": version, "purl": ref,
                              "licenses": [{"license": {"id": "Apache-2.0"}}]}}
    if "SOURCE_DATE_EPOCH" in os.environ:
        from datetime import datetime, timezone
        at = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)
        metadata["timestamp"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'thimble:' + digest)}",
            "metadata": metadata, "components": parts,
            "dependencies": [{"ref": ref, "dependsOn": [part["bom-ref"] for part in parts]}]}


def main(build, binary, target):
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(bill(build, binary), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
