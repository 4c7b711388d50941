# SPDX-License-Identifier: Apache-2.0
"""The built executable, as a server and as a command: each in a directory of its own, ended by its own process."""

import contextlib
import http.client
import http.server
import json
import os
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60  # seconds; on a busy machine nothing takes this long but what hangs


@dataclass
class Answer:
    """Of a server (`status`: HTTP's) or of a command (`status`: the exit code)."""
    status: int
    body: dict
    text: str


class Server:
    """`thimble serve` on a port that the system gives, with an empty store."""

    def __init__(self, thimble, directory, arguments):
        self.log = open(Path(directory) / "server.log", "w+")
        self.process = subprocess.Popen(
            [thimble, "serve", "--ephemeral", "--listen", "127.0.0.1:0", *arguments],
            cwd=directory, stdout=subprocess.PIPE, stderr=self.log, text=True)
        late = threading.Timer(PATIENCE, self.process.kill)  # ends the line that is waited for, too
        late.start()
        line = self.process.stdout.readline()
        late.cancel()
        if not line.startswith("listening on http://"):
            self.process.kill()
            self.process.wait()
            self.log.seek(0)
            raise RuntimeError(f"the server did not start: {line}{self.log.read()}")
        host, _, port = line.split("http://")[1].strip().rpartition(":")
        self.address = (host, int(port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def post(self, body, media_type="application/json", path="/v1/verify"):
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("POST", path, body, {"Content-Type": media_type})
            response = connection.getresponse()
            text = response.read().decode()
            return Answer(response.status, as_object(text), text)

    def exchange(self, sent):
        """What comes for these bytes until the server ends the connection."""
        with socket.create_connection(self.address, timeout=PATIENCE) as connection:
            connection.sendall(sent)
            received = b""
            while part := connection.recv(65536):
                received += part
            return received


def as_object(text):
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def command(thimble, arguments):
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run([thimble, *map(str, arguments)], cwd=directory, capture_output=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL)
    text = (done.stdout + done.stderr).decode(errors="replace")
    return Answer(done.returncode, as_object(done.stdout.decode(errors="replace")), text)


class Vendor:
    """An upstream that answers from `answers`, path (without query) -> bytes, 404 to all else; and counts by path."""

    def __init__(self, answers):
        self.asked = []
        vendor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.partition("?")[0]
                vendor.asked.append(path)
                body = answers.get(path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def inherited_environment():
    """Without what would send the commands elsewhere."""
    for name in list(os.environ):
        if name.startswith("THIMBLE_") or name.lower().endswith("_proxy"):
            del os.environ[name]
