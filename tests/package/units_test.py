#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The units as they are installed: units_test.py BUILD_DIR. systemd reads them and finds nothing wrong, and their exposure is
at most 2.0; with a directive out of the sandbox it is more. Skipped (77) without systemd-analyze."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MOST = 2.0
NEEDED = {"thimble.service": ["Type=notify", "WatchdogSec=", "ExecReload=/bin/kill -HUP $MAINPID", "Restart=on-failure",
                              "RestartPreventExitStatus=2", "StateDirectory=thimble", "User=thimble", "TimeoutStartSec=infinity"],
          "thimble-refresh.service": ["Type=oneshot", "StateDirectory=thimble", "User=thimble"]}


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True)
    return done.stdout + done.stderr


def exposure(unit):
    return float(re.search(r"Overall exposure level for .*: ([\d.]+)", analyze("security", "--offline=true", str(unit))).group(1))


def helper_calls(script, *arguments):
    """What a script of the package has deb-systemd-helper do, per action the units."""
    calls = {}
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "log"
        for name in ("deb-systemd-helper", "deb-systemd-invoke", "systemd-sysusers", "install", "systemctl", "getent", "rm", "find",
                     "rmdir"):
            said = f'echo "$*" >>{log}\n' if name == "deb-systemd-helper" else ""
            # Neither unit was enabled: what the administrator has left off stays off.
            (Path(scratch) / name).write_text(f"#!/bin/sh\n{said}case \"$*\" in *was-enabled*) exit 1;; esac\n")
            (Path(scratch) / name).chmod(0o755)
        subprocess.run(["/bin/sh", str(ROOT / "deploy/debian" / script), *arguments], check=True, env={"PATH": scratch + ":/bin"})
        for line in log.read_text().splitlines() if log.exists() else []:
            words = [word for word in line.split() if not word.startswith("--")]
            calls.setdefault(words[0], set()).update(words[1:])
    return calls


def package_faults():
    """A package that was removed and comes back has every unit that removing it has masked."""
    masked = helper_calls("postrm", "remove")["mask"]
    back = helper_calls("postinst", "configure", "")
    yield from (f"postinst: {unit} stays masked" for unit in masked - back.get("unmask", set()))
    yield from (f"postinst: the state of {unit} is not kept" for unit in masked - back.get("update-state", set()))
    if back.get("enable"):
        yield f"postinst: enables {back['enable']}, which were off"


def main(build):
    if shutil.which("systemd-analyze") is None:
        print("skipped: no systemd-analyze")
        return 77
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        units = [Path(scratch) / name for name in (*NEEDED, "thimble-refresh.timer")]
        for unit in units:
            source = Path(build) / "deploy" / unit.name
            source = source if source.exists() else ROOT / "deploy/systemd" / unit.name
            # Commands that are not installed here are no fault of the unit.
            unit.write_text(re.sub(r"(?m)^(Exec\w+=)\S+", r"\1/bin/true", source.read_text()))
            wrong += [f"{unit.name} has no {line}" for line in NEEDED.get(unit.name, [])
                      if not re.search("(?m)^" + re.escape(line), source.read_text())]
        said = analyze("verify", "--man=no", *map(str, units)).strip()
        wrong += [said] if said else []
        for unit in units[:2]:
            level = exposure(unit)
            wrong += [f"{unit.name}: exposure {level} > {MOST}"] if level > MOST else []
            unit.write_text(re.sub(r"(?m)^(System|Restrict|Protect|Private|Capab)\w*=.*\n", "", unit.read_text()))
            assert exposure(unit) > MOST, "a unit without a sandbox must not pass"
    wrong += package_faults()
    print("\n".join(wrong) or "the units hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
