#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/API.md, docs/openapi.yaml and docs/result.schema.json beside what a server answers:

    reference_test.py THIMBLE THIMBLE_VENDORS

Every example of the page runs and prints what it says. Every answer of a list of requests has a status, a media type and
headers that the document names, and a body of the schema that it names, without a member that is not described."""

import base64
import copy
import json
import re
import socket
import subprocess
import sys
import unittest
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import yaml
from place import server

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/API.md").read_text()
SCHEMA = json.loads((ROOT / "docs/result.schema.json").read_text())
DOCUMENT = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
STANDING = {"date", "request-id", "content-length", "content-type", "connection", "cache-control", "transfer-encoding", "warning"}
EVIDENCE = {"quote.bin": "good-tdx-v4.bin", "old.bin": "old-sgx-v3.bin", "sgx.bin": "good-sgx-v3.bin",
            "forged.bin": "forged-report-tdx-v4.bin", "report.bin": "good-snp-milan-v3.bin", "oldsnp.bin": "old-snp-genoa-v3.bin"}


def resolve(node):
    """The document without references."""
    if isinstance(node, list):
        return [resolve(item) for item in node]
    if not isinstance(node, dict):
        return node
    target = node.get("$ref")
    if target is None:
        return {key: resolve(value) for key, value in node.items()}
    if target == "result.schema.json":
        return strict(SCHEMA)
    found = DOCUMENT
    for part in target.removeprefix("#/").split("/"):
        found = found[part]
    return resolve(found)


def strict(schema):
    """The same schema, which takes no member that it does not describe."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: strict(value) for key, value in schema.items()}
    if isinstance(out.get("properties"), dict) and "additionalProperties" not in out and out.get("type") == "object":
        out["additionalProperties"] = False
    return out


class UnixConnection(HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.server = cls.stack.enter_context(server(sys.argv[1], sys.argv[2]))
        cls.here = cls.server.data.parent
        for name, source in EVIDENCE.items():
            (cls.here / name).write_bytes((cls.here / "vendors" / source).read_bytes())

    def evidence(self, name):
        return base64.b64encode((self.here / name).read_bytes()).decode()

    def ask(self, method, target, body=None, kind=None, admin=False):
        """(status, headers in lower case, body)"""
        connection = UnixConnection(str(self.server.data / "thimble.sock")) if admin else HTTPConnection(urlsplit(self.server.url).netloc)
        if isinstance(body, dict):
            body, kind = json.dumps(body), kind or "application/json"
        connection.request(method, target, body, {"Content-Type": kind} if kind else {})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text

    # ---- the page ----

    def test_the_examples_of_the_page(self):
        blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S)
        self.assertGreater(len(blocks), 7)
        environment = {"PATH": "/usr/bin:/bin", "THIMBLE": self.server.url, "DATA": str(self.server.data)}
        for block in blocks:
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=self.here, env=environment, capture_output=True, text=True)
            wanted = re.findall(r"^# => (.*)$", block, re.M)
            with self.subTest(block=block):
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(wanted)
                for text in wanted:
                    self.assertIn(text, done.stdout)

    def test_the_members_of_the_configuration_are_documented(self):
        for key in ("hosts", "cors_origins"):
            self.assertIn(f"\n{key} = ", (ROOT / "deploy/thimble.toml").read_text())
            self.assertIn(f"[server] {key}", PAGE)

    # ---- the document ----

    def requests(self):
        """(method, path of the document, target, body, media type, over the socket, status)"""
        raw, js, nd = "application/octet-stream", "application/json", "application/x-ndjson"
        quote = (self.here / "quote.bin").read_bytes()
        verify = "/v1/verify"
        yield "GET", "/healthz", "/healthz", None, None, False, 200
        yield "GET", "/readyz", "/readyz", None, None, False, 200
        yield "GET", "/readyz", "/readyz?strict=2", None, None, False, 400
        yield "GET", "/openapi.yaml", "/openapi.yaml", None, None, False, 200
        yield "GET", "/result.schema.json", "/result.schema.json", None, None, False, 200
        for name in EVIDENCE:
            yield "POST", verify, verify, (self.here / name).read_bytes(), raw, False, 200
        yield "POST", verify, f"{verify}?ear=true&nonce={'aa' * 8}", quote, raw, False, 200
        yield "POST", verify, verify, {"evidence": self.evidence("quote.bin"), "ear": True}, js, False, 200
        yield "POST", verify, verify, {"evidence": self.evidence("quote.bin"), "at": "2001-01-01T00:00:00Z"}, js, False, 503
        yield "POST", verify, verify, b"no quote", raw, False, 400
        yield "POST", verify, verify, b"", "text/plain", False, 415
        yield "DELETE", verify, verify, None, None, False, 405
        yield "POST", "/v1/verify/batch", "/v1/verify/batch", b"{}\n", nd, False, 200
        yield "POST", "/v1/verify/batch", "/v1/verify/batch", b"{}\n", js, False, 415
        yield "POST", "/v1/challenge", "/v1/challenge", None, None, False, 200
        yield "POST", "/v1/collateral", "/v1/collateral", quote, raw, False, 200
        yield "POST", "/v1/collateral", "/v1/collateral?format=tar", quote, raw, False, 200
        yield "POST", "/v1/collateral", "/v1/collateral", (self.here / "report.bin").read_bytes(), raw, False, 200
        yield "POST", "/v1/collateral", "/v1/collateral", b"x", raw, False, 400
        yield "GET", "/.well-known/jwks.json", "/.well-known/jwks.json", None, None, False, 200
        yield "GET", "/v1/status", "/v1/status", None, None, False, 200
        yield "GET", "/v1/status", "/v1/status?nope=1", None, None, False, 400
        yield "GET", "/metrics", "/metrics", None, None, False, 200
        yield "GET", "/v1/history", "/v1/history?key=intel/crl/root", None, None, False, 200
        yield "GET", "/v1/history", "/v1/history?key=nope", None, None, False, 400
        yield "GET", "/v1/uvm/{sha256}", f"/v1/uvm/{'0' * 64}", None, None, False, 404
        yield "GET", "/v1/uvm/{sha256}", "/v1/uvm/nope", None, None, False, 400
        yield "GET", "/v1/history", "/v1/history?key=intel/tcb/sgx/000000000000/standard", None, None, False, 404
        yield "GET", "/v1/export", "/v1/export", None, None, False, 401
        yield "GET", "/v1/export", "/v1/export", None, None, True, 200
        bundle = self.ask("GET", "/v1/export?history=1", admin=True)[2]
        yield "POST", "/v1/import", "/v1/import?min_remaining=7d", bundle, raw, True, 200
        yield "POST", "/v1/import", "/v1/import", b"x", raw, True, 400
        yield "POST", "/v1/refresh", "/v1/refresh?item=intel/crl/root", None, None, True, 200
        yield "POST", "/v1/refresh", "/v1/refresh?all=2", None, None, True, 400
        yield "POST", "/v1/backup", "/v1/backup?name=one", None, None, True, 200
        yield "POST", "/v1/backup", "/v1/backup?name=/", None, None, True, 400
        yield "GET", "/v1/baselines", "/v1/baselines", None, None, False, 200
        base = "/v1/baselines/{name}/"
        yield "PUT", base + "candidate", "/v1/baselines/default/candidate", {"intel": "early"}, js, True, 200
        yield "POST", "/v1/impact", "/v1/impact", {"intel": "early"}, js, True, 200
        yield "POST", base + "promote", "/v1/baselines/default/promote", {"accept_refusals": 1000}, js, True, 409
        refused = json.loads(self.ask("POST", "/v1/impact", {"intel": "early"}, admin=True)[2])["refused"]
        yield "POST", base + "promote", "/v1/baselines/default/promote", {"accept_refusals": refused}, js, True, 200
        yield "POST", base + "rollback", "/v1/baselines/default/rollback", None, None, True, 200
        yield "POST", base + "rollback", "/v1/baselines/nope/rollback", None, None, True, 404
        yield "GET", "/v1/floors", "/v1/floors", None, None, False, 200
        yield "GET", "/v1/floors", "/v1/floors?name=nope&number=1", None, None, False, 404
        yield "GET", "/v1/floors/history", "/v1/floors/history", None, None, False, 200
        yield "POST", "/v1/floors", "/v1/floors", {"document": "{}", "signature": "AA"}, js, True, 400
        yield "POST", "/v1/result-key/rotate", "/v1/result-key/rotate", None, None, True, 200
        yield "DELETE", "/v1/platforms/{qe_id}", "/v1/platforms/aa", None, None, True, 404
        sgx = "/sgx/certification/v4/"
        for route, query, status in (("tcb", "fmspc=00806F050000", 200), ("tcb", "fmspc=x", 400), ("tcb", "fmspc=000000000000", 404),
                                     ("qe/identity", "", 200), ("qve/identity", "", 200), ("pckcrl", "ca=platform", 200), ("rootcacrl", "", 200),
                                     ("tcbevaluationdatanumbers", "", 200), ("pckcrl", "ca=platform&encoding=pem", 200)):
            yield "GET", sgx + route, f"{sgx}{route}?{query}" if query else sgx + route, None, None, False, status
        yield "GET", "/vcek/v1/{product}/cert_chain", "/vcek/v1/Milan/cert_chain", None, None, False, 200
        yield "GET", "/vcek/v1/{product}/crl", "/vcek/v1/Milan/crl", None, None, False, 200
        yield "GET", "/vcek/v1/{product}/{hwid}", "/vcek/v1/Milan/00", None, None, False, 404
        yield "GET", "/metadata/THIM/amd/certification", "/metadata/THIM/amd/certification", None, None, False, 400
        yield "GET", "/SevSnpVM/certificates/{chip}/{tcb}", "/SevSnpVM/certificates/x/y", None, None, False, 400

    def test_answers_are_as_the_document_says(self):
        operations = resolve(DOCUMENT["paths"])
        answered = set()
        for method, path, target, body, kind, admin, wanted in self.requests():
            with self.subTest(request=f"{method} {target}", status=wanted):
                status, headers, text = self.ask(method, target, body, kind, admin)
                self.assertEqual(status, wanted, text[:400])
                item = operations[path]
                operation = item.get(method.lower()) or next(iter(item.values()))  # a wrong method is any's
                self.assertIn(str(status), operation["responses"])
                self.check(operation["responses"][str(status)], headers, text)
                answered.add((path, method.lower()))
        own = {(path, method) for path, item in operations.items() if path.startswith("/v1/") for method in item}
        self.assertEqual(own - answered, set(), "no request of the list is for these")

    def check(self, response, headers, text):
        described = {name.lower() for name in response.get("headers", {})}
        self.assertEqual(set(headers) - described - STANDING, set(), "not in the document")
        kinds = response.get("content", {})
        if not kinds:
            self.assertEqual(text, b"")
            return
        media = headers["content-type"]
        self.assertIn(media, kinds)
        schema = kinds[media]["schema"]
        if "json" in media and "ndjson" not in media:
            jsonschema.Draft202012Validator(strict(schema)).validate(json.loads(text))

    def test_members_of_requests_are_those_that_the_server_knows(self):
        tried = 0
        for path, item in resolve(DOCUMENT["paths"]).items():
            for method, operation in item.items():
                body = operation.get("requestBody", {}).get("content", {}).get("application/json")
                if body is None or not path.startswith("/v1/"):
                    continue
                tried += 1
                target = path.replace("{name}", "default")
                status, _, text = self.ask(method.upper(), target, {"zz_nope": 1}, admin=True)
                detail = json.loads(text)["detail"]
                with self.subTest(request=f"{method} {path}"):
                    self.assertEqual(status, 400, detail)
                    known = re.search('unknown member "zz_nope"; known: (.*)', detail)
                    self.assertTrue(known, detail)
                    self.assertEqual(set(known[1].split(", ")), set(body["schema"]["properties"]))
        self.assertGreaterEqual(tried, 6)

    # ---- the schema of results ----

    def test_results_are_of_their_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        judge = jsonschema.Draft202012Validator(strict(SCHEMA))
        decisions = set()
        for name in EVIDENCE:
            result = json.loads(self.ask("POST", "/v1/verify", {"evidence": self.evidence(name), "ear": True})[2])
            judge.validate(result)
            decisions.add((result["tee"], result["decision"]))
            printed = subprocess.run([sys.argv[1], "verify", str(self.here / name), "--server", self.server.url, "--json"], capture_output=True, text=True)
            judge.validate(json.loads(printed.stdout))
            for member in SCHEMA["required"]:  # and it is no schema that takes anything
                lacking = copy.deepcopy(result)
                del lacking[member]
                self.assertFalse(judge.is_valid(lacking), member)
            self.assertFalse(judge.is_valid(result | {"new_member": 1}))
        self.assertLessEqual({("tdx", "accept"), ("tdx", "reject"), ("sgx", "accept"), ("sgx", "reject"), ("snp", "accept"), ("snp", "reject")}, decisions)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
