#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual, as it is made for the package: a page a command, which `man --warnings` finds nothing wrong with.
manual_test.py THIMBLE"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = 77


def main(binary):
    if shutil.which("man") is None or shutil.which("groff") is None:
        print("man and groff are not installed")
        return SKIPPED
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([sys.executable, ROOT / "cmake/man_page.py", binary, place], check=True)
        made = sorted(Path(place).glob("*.1.gz"))
        names = {page.name.removesuffix(".1.gz") for page in made}
        assert {"thimble", "thimble-verify", "thimble-baseline", "thimble-completion"} <= names, names
        assert len(names) > 20, names
        wrong = 0
        for page in made:
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", str(page)], capture_output=True, text=True,
                                  check=False, env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
            if done.returncode != 0 or done.stderr:
                print(f"{page.name}: {done.stderr.strip()}")
                wrong += 1
            shown = done.stdout
            assert "EXIT STATUS" in shown and "THIMBLE_SERVER" in shown, page.name
        print(f"{len(made)} pages, {wrong} with warnings")
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
