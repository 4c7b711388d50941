#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Thimble with a lively fleet before simulated vendors, for whoever wants to look at its page:

    tests/page/fleet.py THIMBLE THIMBLE_VENDORS DIRECTORY

It lives through a night: the collateral of the day before, a set of evaluation data that becomes the standard one in the
small hours, and today evidence of good, old and forged platforms, a vendor path that is down and a cache that is not there.
Prints the URL and the administrator's socket once all is in place, and runs until its standard input ends."""

import json
import http.client
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

FMSPCS = ["00806F050000", "00A067110000"]
TODAY = {  # evidence, and how often
    "good-sgx-v3.bin": 9, "good-tdx-v4.bin": 31, "good-tdx-v5.bin": 7, "good-sgx-v3-client.bin": 3, "old-sgx-v3.bin": 4,
    "old-tdx-v4.bin": 5, "old-module-tdx-v4.bin": 2, "good-newest-sgx-v3.bin": 3, "good-newest-tdx-v4.bin": 6,
    "revoked-sgx-v3.bin": 1, "forged-signature-tdx-v4.bin": 2, "forged-report-sgx-v3.bin": 1, "good-snp-milan-v3.bin": 12,
    "good-snp-genoa-v3.bin": 17, "good-snp-turin-v5.bin": 5, "old-snp-genoa-v3.bin": 6, "good-snp-milan-vlek.bin": 2,
}


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        self.sock.connect(self.path)


def rfc3339(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def wait_for(path, text):
    for _ in range(600):
        if path.exists() and text in path.read_text():
            return path.read_text()
        time.sleep(0.1)
    raise SystemExit(f"no {text!r} in {path}: {path.read_text() if path.exists() else ''}")


class Fleet:
    def __init__(self, thimble, vendors, directory):
        self.thimble, self.vendors, self.directory = thimble, vendors, Path(directory)
        self.port, self.running = 0, []

    def start(self, name, command):
        out = self.directory / f"{name}.out"
        out.unlink(missing_ok=True)
        process = subprocess.Popen(command, stdout=out.open("w"), stderr=(self.directory / f"{name}.log").open("a"))
        self.running.append(process)
        return out

    def stop(self):
        for process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
        self.running = []

    def start_vendors(self, at, standard):
        out = self.start("vendors", [self.vendors, "--listen", f"127.0.0.1:{self.port}", "--out", self.directory / "vendors",
                                     "--now", rfc3339(at)])
        wait_for(out, "ready")
        config = (self.directory / "vendors/config.toml").read_text()
        self.base = config.split('url = "')[1].split("/sgx/")[0]
        self.port = int(self.base.rsplit(":", 1)[1])
        self.vendor(f"/_standard?n={standard}")

    def start_thimble(self, at=None):
        config = (self.directory / "vendors/config.toml").read_text()
        config += '\n[[amd.upstream]]\nurl = "http://127.0.0.1:9"\n\n[[intel.upstream]]\nurl = "http://127.0.0.1:9/sgx/certification/v4/"\n'
        (self.directory / "config.toml").write_text(config)
        out = self.start("thimble", [self.thimble, "serve", "--config", self.directory / "config.toml", "--listen", "127.0.0.1:0",
                                     "--data", self.directory / "data", *(["--frozen-time", rfc3339(at)] if at else [])])
        self.url = wait_for(out, "listening on").split("listening on ")[1].split()[0]

    def vendor(self, target):
        urllib.request.urlopen(urllib.request.Request(self.base + target, method="POST"), timeout=60).read()

    def get(self, target):
        try:
            return urllib.request.urlopen(self.url + target, timeout=60).status
        except urllib.error.HTTPError as error:
            return error.code

    def admin(self, method, target, body=None):
        connection = UnixConnection(str(self.directory / "data/thimble.sock"))
        connection.request(method, target, body=body)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def verify(self, name):
        request = urllib.request.Request(self.url + "/v1/verify", data=(self.directory / "vendors" / name).read_bytes(),
                                         headers={"Content-Type": "application/octet-stream"})
        try:
            return urllib.request.urlopen(request, timeout=60).status
        except urllib.error.HTTPError as error:
            return error.code

    def fill(self):
        for fmspc in FMSPCS:
            for tee in ("sgx", "tdx"):
                for update in ("", "&update=early"):
                    self.get(f"/{tee}/certification/v4/tcb?fmspc={fmspc}{update}")
        for target in ("sgx/certification/v4/qe/identity", "tdx/certification/v4/qe/identity", "sgx/certification/v4/rootcacrl",
                       "sgx/certification/v4/pckcrl?ca=platform", "sgx/certification/v4/pckcrl?ca=processor",
                       "sgx/certification/v4/tcbevaluationdatanumbers", "tdx/certification/v4/tcbevaluationdatanumbers",
                       *(f"vcek/v1/{product}/{item}" for product in ("Milan", "Genoa", "Turin") for item in ("cert_chain", "crl"))):
            self.get("/" + target)

    def live(self):
        now = datetime.now(timezone.utc)
        for at, standard in ((now - timedelta(days=13), 16), (now - timedelta(hours=33), 16), (now - timedelta(hours=9), 17)):
            self.start_vendors(at, standard)
            if standard == 17:  # what fails from here on is held as it was
                self.vendor("/_mode?m=503&path=ca=processor")
            self.start_thimble(at)
            self.fill()
            self.verify("good-tdx-v4.bin")
            self.admin("POST", "/v1/refresh?all=1")
            self.stop()
        self.start_vendors(now, 17)
        self.vendor("/_mode?m=503&path=ca=processor")
        self.start_thimble()
        for name, times in TODAY.items():
            for _ in range(times):
                self.verify(name)
        self.admin("POST", "/v1/refresh?item=intel/crl/pck/processor")
        self.get("/vcek/v1/Milan/" + "00" * 64 + "?blSPL=1")
        for _ in range(900):  # the look-out for sets to come looks once a minute
            if json.loads(self.admin("GET", "/v1/status")[1])["summary"]["coming"]:
                return
            time.sleep(0.1)
        raise SystemExit("no set to come was found")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    fleet = Fleet(*sys.argv[1:4])
    try:
        fleet.live()
        print(f"url {fleet.url}\nsocket {fleet.directory}/data/thimble.sock\nvendors {fleet.base}\nready", flush=True)
        sys.stdin.read()
    finally:
        fleet.stop()


if __name__ == "__main__":
    main()
