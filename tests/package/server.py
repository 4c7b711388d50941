# SPDX-License-Identifier: Apache-2.0
"""A real server for the tests of what is deployed: `thimble serve` in front of the simulated vendors."""

import subprocess
import tempfile
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def process(*command, **options):
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **options)
    try:
        yield started
    finally:
        started.terminate()
        started.wait()
        started.stdout.close()


def line_with(started, word):
    for line in started.stdout:
        if word in line:
            return line.strip()
    raise RuntimeError(f"{started.args[0]} ended without saying {word!r}")


class Server:
    def __init__(self, url, data):
        self.url, self.data = url, data

    def get(self, path):
        """(status, text)"""
        return self.ask(urllib.request.Request(self.url + path))

    def post(self, path, body):
        headers = {"Content-Type": "application/octet-stream"}
        return self.ask(urllib.request.Request(self.url + path, body, headers))

    @staticmethod
    def ask(request):
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")


@contextmanager
def server(thimble, vendors):
    with ExitStack() as stack:
        here = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        vendor = stack.enter_context(process(vendors, "--listen", "127.0.0.1:0", "--out", str(here / "vendors")))
        line_with(vendor, "ready")
        data = here / "data"
        serve = stack.enter_context(process(thimble, "serve", "--config", str(here / "vendors/config.toml"),
                                            "--listen", "127.0.0.1:0", "--data", str(data)))
        yield Server(line_with(serve, "listening on ").removeprefix("listening on "), data)
