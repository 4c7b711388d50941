#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The examples of both models of attestation: they run as they are, and a change of any one input makes the relying party
refuse: examples_test.py THIMBLE THIMBLE_VENDORS"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "deploy/examples"
sys.path.insert(0, str(ROOT / "tests/package"))

from place import SECONDS, Place  # noqa: E402

SECRET = "a secret of the test\n"
THIMBLE, VENDORS = (str(Path(path).resolve()) for path in sys.argv[1:3])


class Side:
    """A relying party of a model that trusts this verifier, and an attester that it has given a nonce."""

    def __init__(self, model, place, directory, keys=None):
        self.model, self.here, self.verifier = model, directory, place.url
        self.trust, self.mine = directory / "trust", directory / "attester"
        self.trust.mkdir(parents=True)
        (self.trust / "jwks.json").write_bytes(fetch(f"{(keys or place).url}/.well-known/jwks.json"))
        (self.trust / "policy").write_text(policy_of(place))
        (self.trust / "secret").write_text(SECRET)
        self.machine, self.kind, self.policy = place.vendor_url, "tdx", "secret-release"
        self.nonce = self.challenge()

    def run(self, script, *arguments, check=True):
        environment = os.environ | {"THIMBLE": THIMBLE, "TRUST": str(self.trust), "VERIFIER": self.verifier,
                                    "MACHINE": self.machine, "KIND": self.kind, "POLICY": self.policy}
        return subprocess.run([EXAMPLES / script, *map(str, arguments)], env=environment, check=check, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS)

    def challenge(self):
        return self.run(f"{self.model}/relying-party", "challenge").stdout.strip()

    def attest(self, nonce=None):
        """Evidence, and in the passport model its result."""
        return self.run("passport/attester" if self.model == "passport" else "attester", nonce or self.nonce, self.mine).stdout

    @property
    def shown(self):
        return self.mine / ("result.json" if self.model == "passport" else "evidence.bin")

    def release(self, key=None, nonce=None):
        return self.run(f"{self.model}/relying-party", "release", self.shown, key or self.mine / "key.pub", nonce or self.nonce,
                        check=False)

    def bend_evidence(self):
        """One bit of the TD's measurement."""
        path = self.mine / "evidence.bin"
        evidence = bytearray(path.read_bytes())
        evidence[48 + 136] ^= 1
        path.write_bytes(evidence)
        if self.model != "passport":
            return
        bound = json.loads(self.shown.read_text())["nonce"]["expected"]
        self.shown.write_bytes(fetch(f"{self.verifier}/v1/verify?ear=true&policy={self.policy}&nonce={bound}", bytes(evidence)))

    def open(self, released):
        return subprocess.run(["openssl", "pkeyutl", "-decrypt", "-inkey", self.mine / "key.pem", "-pkeyopt",
                               "rsa_padding_mode:oaep"], input=base64.b64decode(released), check=True,
                              stdout=subprocess.PIPE).stdout.decode()


def fetch(url, body=None):
    headers = {"Content-Type": "application/octet-stream"}
    with urlopen(Request(url, data=body, headers=headers if body else {}), timeout=SECONDS) as answer:
        return answer.read()


def policy_of(place):
    said = subprocess.run([THIMBLE, "check-config", place.config], check=True, text=True, stdout=subprocess.PIPE).stdout
    return next(line.split(" ")[1] for line in said.splitlines() if line.startswith("policy secret-release@"))


def with_bent_signature(result):
    document = json.loads(result)
    head, claims, signature = document["ear"].split(".")
    document["ear"] = f"{head}.{claims}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    return json.dumps(document).encode()


@contextmanager
def bending_verifier(url):
    """Between relying party and verifier: every result has another signature."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = with_bent_signature(fetch(url + self.path, body))
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def expect_released(side, name):
    released = side.release()
    assert released.returncode == 0, f"{name}: {released.stderr}"
    assert side.open(released.stdout) == SECRET, name


def expect_refused(released, name):
    assert released.returncode == 1 and "refused: " in released.stderr, f"{name}: {released}"
    assert released.stdout == "", f"{name}: {released.stdout}"


def check_model(model, place, other, past, directory):
    count = 0

    def side(keys=None, at=place):
        nonlocal count
        count += 1
        return Side(model, at, directory / f"{model}-{count}", keys)

    def refused(name, bend, **how):
        """The same that is good, but for this."""
        one = side(**how)
        one.attest()
        arguments = bend(one) or {}
        expect_refused(one.release(**arguments), f"{model}: {name}")

    good = side()
    good.attest()
    expect_released(good, f"{model}: good")
    expect_refused(good.release(), f"{model}: the same nonce again")

    refused("evidence for another nonce", lambda one: one.attest(one.challenge()) and None)
    refused("another nonce of the relying party's", lambda one: {"nonce": one.challenge()})
    refused("a nonce that nobody gave", lambda one: {"nonce": "00" * 32})
    refused("bent evidence", lambda one: one.bend_evidence())

    def other_kind(one):
        one.kind = "sgx"
        one.attest()

    refused("evidence of another kind", other_kind)

    def other_key(one):
        thief = one.here / "thief"
        thief.mkdir()
        subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-out", thief / "key.pem"], check=True)
        subprocess.run(["openssl", "pkey", "-in", thief / "key.pem", "-pubout", "-out", thief / "key.pub"], check=True)
        return {"key": thief / "key.pub"}

    refused("another key", other_key)

    def other_digest(one):
        policy = (one.trust / "policy").read_text()
        (one.trust / "policy").write_text(policy[:-1] + ("0" if policy[-1] != "0" else "1"))

    refused("another digest of the policy", other_digest)
    refused("the keys of another verifier", lambda one: None, keys=other)
    refused("a result that has ended", lambda one: None, at=past)
    if model == "passport":
        refused("another signature", lambda one: one.shown.write_bytes(with_bent_signature(one.shown.read_bytes())) and None)

        def other_policy(one):
            one.policy = "default"
            one.attest()

        refused("a result of another policy", other_policy)
    else:
        with bending_verifier(place.url) as url:
            refused("another signature", lambda one: setattr(one, "verifier", url))


def start(directory, vendors=None, at=None):
    place = Place(THIMBLE, VENDORS, directory)
    if vendors is None:
        place.start_vendors(at=datetime.now(timezone.utc) - timedelta(hours=1))
    else:
        place.vendor_config, place.vendor_url = vendors.vendor_config, vendors.vendor_url
    place.write_config((EXAMPLES / "policy.toml").read_text())
    place.serve(at=at)
    return place


def main():
    for model in ["passport", "background-check"]:
        environment = os.environ | {"THIMBLE": THIMBLE, "THIMBLE_VENDORS": VENDORS}
        ran = subprocess.run([EXAMPLES / model / "run"], env=environment, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=SECONDS)
        assert ran.returncode == 0 and ran.stdout == "the secret\n", f"{model}/run: {ran}"
        lines = len((EXAMPLES / model / "relying-party").read_text().splitlines())
        assert lines <= 45, f"{model}/relying-party has {lines} lines"

    scratch = Path(tempfile.mkdtemp())
    places = []
    try:
        place = start(scratch / "place")
        places.append(place)
        other = start(scratch / "other", vendors=place)
        places.append(other)
        # Its results have ended: they live for minutes.
        past = start(scratch / "past", vendors=place, at=datetime.now(timezone.utc) - timedelta(minutes=20))
        places.append(past)
        for model in ["passport", "background-check"]:
            check_model(model, place, other, past, scratch)
    finally:
        for each in reversed(places):
            each.stop()
        shutil.rmtree(scratch)
    print("both models release a secret, and refuse whatever differs")


main()
