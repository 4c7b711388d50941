#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""deploy/nginx/thimble.conf in front of a real server: what is cached, what is not, and what is served while no server
answers: nginx_test.py THIMBLE THIMBLE_VENDORS. Skipped (77) without nginx."""

import http.server
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path

from place import server

ROOT = Path(__file__).resolve().parent.parent.parent
CACHED = ["/sgx/certification/v4/qe/identity", "/sgx/certification/v4/rootcacrl",
          "/sgx/certification/v4/tcb?fmspc=00806F050000", "/sgx/certification/v4/pckcrl?ca=processor"]
NOT_CACHED = ["/v1/status", "/readyz", "/.well-known/jwks.json", "/metrics"]


@contextmanager
def process(*command):
    started = subprocess.Popen(command)
    try:
        yield started
    finally:
        started.terminate()
        started.wait()


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def configuration(here, port, upstream):
    """The file as it is deployed, but for its addresses, its directory and how long an answer is good."""
    text = (ROOT / "deploy/nginx/thimble.conf").read_text()
    for before, after in [("127.0.0.1:8080", f"127.0.0.1:{port}"), ("127.0.0.1:8081", upstream),
                          ("/var/cache/nginx/thimble", f"{here}/cache"), ("proxy_cache_valid 200 1m", "proxy_cache_valid 200 1s")]:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    temporary = "\n".join(f"{kind}_temp_path {here}/{kind};"
                          for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    path = here / "nginx.conf"
    path.write_text(f"daemon off; pid {here}/pid; error_log {here}/error.log;\n{'user root;' if os.geteuid() == 0 else ''}\n"
                    f"events {{}}\nhttp {{ access_log off;\n{temporary}\n{text}\n}}\n")
    return path


def ask(port, path, **headers):
    """(status, X-Cache, body)"""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers.get("X-Cache"), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("X-Cache"), error.read()


def until(holds):
    end = time.monotonic() + 60
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def check(good, what):
    if not good:
        sys.exit(f"nginx_test: {what}")


def look(port, here):
    check(until(lambda: reachable(port)), "nginx does not listen: " + log(here))
    for path in CACHED:
        status, _, body = ask(port, path)
        check(status == 200, f"{path}: {status}")
        again = ask(port, path)
        check(again[1] in ("HIT", "STALE", "UPDATING", "REVALIDATED", "EXPIRED") and again[2] == body,
              f"{path} is not cached: {again[1]}")
        check(ask(port, path, Authorization="Bearer x")[1] == "BYPASS", f"{path}: who shows a token has a cached answer")
        check(ask(port, path, Origin="https://console.example")[1] == "BYPASS", f"{path}: a browser has a cached answer")
    for path in NOT_CACHED:
        for _ in range(2):
            status, cache, _ = ask(port, path)
            check(status == 200 and cache is None, f"{path}: {status}, {cache}")
    check(until(lambda: ask(port, CACHED[0])[1] == "HIT" or ask(port, CACHED[0])[1] == "REVALIDATED"),
          "what has ended is not asked for again")


def look_without_server(port):
    for path in CACHED:
        status, cache, body = ask(port, path)
        check(status == 200 and body, f"{path} is not served on: {status}, {cache}")
    check(until(lambda: ask(port, CACHED[0])[1] in ("STALE", "UPDATING")), "what is served on is not said to be stale")
    check(ask(port, NOT_CACHED[0])[0] in (502, 504), "own routes are answered without a server")
    check(ask(port, "/sgx/certification/v4/tcb?fmspc=00A067110000")[0] in (502, 504), "something not cached is answered")


class Refusing(http.server.BaseHTTPRequestHandler):
    """In Thimble's place: what it has is past its grace."""

    def do_GET(self):
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def look_at_refusals(port, upstream):
    with http.server.ThreadingHTTPServer(("127.0.0.1", int(upstream.rsplit(":", 1)[1])), Refusing) as refusing:
        threading.Thread(target=refusing.serve_forever, daemon=True).start()
        check(until(lambda: all(ask(port, path)[0] == 503 for path in CACHED)), "what Thimble refuses is served from the cache")
        refusing.shutdown()


def reachable(port):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def log(here):
    path = here / "error.log"
    return path.read_text() if path.exists() else ""


def main():
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        print("skipped: no nginx (apt-get install nginx-light)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as directory, ExitStack() as gateways:
        here, port = Path(directory), free_port()
        with server(*sys.argv[1:3]) as running:
            path = configuration(here, port, re.sub("^https?://", "", running.url))
            gateways.enter_context(process(nginx, "-c", str(path), "-e", str(here / "error.log")))
            look(port, here)
        look_without_server(port)
        look_at_refusals(port, running.url.rstrip("/"))


if __name__ == "__main__":
    main()
