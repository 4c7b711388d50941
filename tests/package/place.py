# SPDX-License-Identifier: Apache-2.0
"""Real servers for the tests of what is deployed: a directory with simulated vendors and a `thimble serve` in front of them."""

import http.client
import os
import resource
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

SECONDS = 120  # that anything may take on a busy machine


class SocketConnection(http.client.HTTPConnection):
    """Over thimble.sock: the administrator."""

    def __init__(self, path):
        super().__init__("localhost", timeout=SECONDS)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(SECONDS)
        self.sock.connect(self.path)


def text_of(at):
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Place:
    def __init__(self, thimble, vendors, directory):
        self.thimble, self.vendors, self.here = thimble, vendors, Path(directory)
        self.here.mkdir()
        self.data, self.config, self.port = self.here / "data", self.here / "thimble.toml", 0
        self.running, self.server, self.tls = [], None, None

    # -- processes --

    def _start(self, name, command, word, **options):
        out = self.here / f"{name}.out"
        log = (self.here / f"{name}.log").open("a")
        process = subprocess.Popen(command, stdout=out.open("w"), stderr=log, **options)
        self.running.append(process)
        end = time.monotonic() + SECONDS
        while word not in out.read_text():
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{name} said no {word!r}: {(self.here / f'{name}.log').read_text()[-2000:]}")
            time.sleep(0.02)
        return process, next(line for line in out.read_text().splitlines() if word in line)

    def start_vendors(self, at=None):
        at = at or datetime.now(timezone.utc)
        self.vendor, _ = self._start("vendors", [self.vendors, "--listen", f"127.0.0.1:{self.port}", "--out", self.here / "vendors",
                                                 "--now", text_of(at)], "ready")
        self.vendor_config = (self.here / "vendors/config.toml").read_text()
        self.vendor_url = self.vendor_config.split('url = "')[1].split("/sgx/")[0]
        self.port = int(self.vendor_url.rsplit(":", 1)[1])

    def mode(self, mode, path=""):
        request = urllib.request.Request(f"{self.vendor_url}/_mode?m={mode}&path={path}", method="POST")
        urllib.request.urlopen(request, timeout=SECONDS).read()

    def write_config(self, more="", server=""):
        """`server`: lines of [server]; `more`: other tables."""
        text = self.vendor_config.replace("[server]\n", f"[server]\n{server}\n") if server else self.vendor_config
        self.config.write_text(f"{text}\n{more}")

    def serve(self, *options, at=None, limits=None, environment=None):
        """`limits`: {resource: value}; `environment`: variables beside ours."""
        if not self.config.exists():
            self.write_config()

        def before():
            for what, value in (limits or {}).items():
                resource.setrlimit(what, (value, value))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit fails, as on a full disk

        frozen = ["--frozen-time", text_of(at)] if at else []
        self.server, line = self._start(
            "thimble", [self.thimble, "serve", "--config", self.config, "--listen", "127.0.0.1:0", "--data", self.data, *frozen,
                        *options], "listening on", preexec_fn=before, env={**os.environ, **(environment or {})})
        self.url = line.split("listening on ")[1].split()[0].replace("127.0.0.1", "localhost")

    def end(self, process, with_signal=signal.SIGTERM):
        process.send_signal(with_signal)
        process.wait(timeout=SECONDS)
        self.running.remove(process)

    def stop_server(self):
        self.end(self.server)

    def stop(self):
        for process in reversed(self.running):
            process.kill()
            process.wait()

    # -- requests --

    def ask(self, target, body=None, method=None):
        """(status, text)"""
        request = urllib.request.Request(self.url + target, body, {"Content-Type": "application/octet-stream"} if body else {},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS, context=self.tls) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def get(self, path):
        return self.ask(path)

    def post(self, path, body):
        return self.ask(path, body)

    def admin(self, method, target, body=None):
        connection = SocketConnection(self.data / "thimble.sock")
        connection.request(method, target, body=body, headers={"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")

    def trust(self, ca):
        self.tls = ssl.create_default_context(cafile=str(ca))

    def evidence(self, name):
        return (self.here / "vendors" / name).read_bytes()

    def scrape(self):
        """What Prometheus would get: the text of /metrics, or None."""
        try:
            status, text = self.ask("/metrics")
        except OSError:
            return None
        return text if status == 200 else None

    def scrape_until(self, held):
        end = time.monotonic() + SECONDS
        while not held(text := self.scrape() or ""):
            if time.monotonic() > end:
                raise RuntimeError(f"{self.here.name}: the state did not come")
            time.sleep(0.2)
        return text


@contextmanager
def server(thimble, vendors):
    """One where nothing is wrong."""
    with tempfile.TemporaryDirectory() as directory:
        place = Place(thimble, vendors, Path(directory) / "place")
        try:
            place.start_vendors()
            place.serve()
            yield place
        finally:
            place.stop()
