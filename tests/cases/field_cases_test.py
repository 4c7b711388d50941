#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every case of shared/cases/service and shared/cases/amd through the built executable: by HTTP, and by command line
where it can be put so. What their README files call right is in table.py.

    tests/cases/field_cases_test.py THIMBLE CASES     exit 77: skipped, CASES is not there
"""

import base64
import contextlib
import json
import shutil
import ssl
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True  # nothing beside the sources
from executable import Answer, Server, Vendor, command, inherited_environment
from table import (ALSO, ALSO_SERVICE, AMD, AMD_NOW, POLICIES, SERVICE, SERVICE_NOW, TPM_NONCE, VARIATIONS, Right,
                   accept, unavailable)

TESTS = Path(__file__).resolve().parent.parent
HTTP_STATUS = {"accept": {200}, "reject": {200}, "unavailable": {503}, "refused": {400}}
EXIT_CODE = {"accept": {0}, "reject": {1}, "unavailable": {3}, "refused": {2, 4}}
USAGE = 2  # a command that is wrong is told so in a sentence


def holds(found, wanted):
    if isinstance(wanted, list):
        return all(holds(found, value) for value in wanted)
    if isinstance(found, list):
        return any(holds(element, wanted) for element in found)
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(holds(found.get(name), value) for name, value in wanted.items())
    return found == wanted


def failing(result):
    """What was found; and, of authentic evidence, the rules that break: of other evidence they follow from that."""
    found = {entry["check"] for entry in result["findings"] if entry["severity"] != "note"}
    if result["authentic"]:
        rules = {entry["check"] for entry in result["checks"]
                 if entry["result"] == "failed" and entry["check"].startswith("policy.")}
        found |= rules - {"policy.no_findings"}
    return found


def wrongs(answer: Answer, right: Right, statuses):
    """In words; empty when all is right."""
    out = []
    if answer.status not in statuses[right.outcome]:
        out.append(f"status {answer.status}, not of {right.outcome}")
    if right.outcome in ("accept", "reject"):
        if answer.body.get("decision") != right.outcome:
            return out + [f"not {right.outcome}: {answer.text[:500]}"]
        if failing(answer.body) != set(right.failing.split()):
            out.append(f"failing: {sorted(failing(answer.body))}, not {right.failing}")
    elif answer.body.get("check") != right.failing and answer.status != USAGE:
        out.append(f"the check is not {right.failing}: {answer.text[:500]}")
    if right.says not in answer.text:
        out.append(f"it does not say {right.says}: {answer.text[:500]}")
    if "ear" in answer.body:
        out.append("it is signed")
    out += [f"{name}: {answer.body.get(name)} has no {value}" for name, value in right.shows.items()
            if not holds(answer.body.get(name), value)]
    return out


class FieldCases(unittest.TestCase):
    thimble: str
    cases: Path

    def setUp(self):
        held = contextlib.ExitStack()
        self.addCleanup(held.close)
        self.here = Path(held.enter_context(tempfile.TemporaryDirectory()))

    def config(self, policy, upstreams="[intel]\nupstream = []\n[amd]\nupstream = []\n"):
        path = self.here / "thimble.toml"
        path.write_text(upstreams + policy)
        return path

    def server(self, config, anchors, now):
        return Server(self.thimble, self.here, ["--config", config, "--anchor", anchors, "--frozen-time", now])

    def verify(self, evidence, config, anchors, *more):
        return command(self.thimble, ["verify", evidence, "--json", "--config", config, "--anchor", anchors, *more])

    def right(self, answer, right, statuses):
        self.assertEqual(wrongs(answer, right, statuses), [])

    # -- service/ --

    def test_service_by_http(self):
        folder = self.cases / "service"
        for name, policy, right, _, _ in SERVICE:
            with self.subTest(case=name, policy=policy), self.server(
                    self.config(POLICIES[policy]), folder / "anchors.pem", SERVICE_NOW) as server:
                self.right(server.post((folder / f"{name}.json").read_bytes()), right, HTTP_STATUS)

    def test_service_by_command_line(self):
        folder = self.cases / "service"
        for name, policy, by_http, right, _ in SERVICE:
            body = json.loads((folder / f"{name}.json").read_text())
            with self.subTest(case=name, policy=policy), tempfile.TemporaryDirectory(dir=self.here) as directory:
                arguments = files_of_request(body, Path(directory))
                answer = self.verify(*arguments[:1], self.config(POLICIES[policy]), folder / "anchors.pem",
                                     *arguments[1:], "--at", body.get("at", SERVICE_NOW))
                self.right(answer, right or by_http, EXIT_CODE)

    def test_what_others_hold_is_held(self):
        sources = "".join(path.read_text() for path in (TESTS / "service").rglob("*_test.cpp"))
        for name, _, _, _, held_by in SERVICE:
            for test in held_by.split():
                suite, _, member = test.partition(".")
                with self.subTest(case=name, test=test):
                    self.assertTrue(f"TEST_F({suite}, {member})" in sources, f"there is no {test}")

    def test_no_terminal_is_steered(self):
        evidence, anchors = self.cases / "service/terminal-forgery.bin", self.cases / "service/anchors.pem"
        config = self.config("")
        at = ["--at", SERVICE_NOW]
        for arguments in (["verify", evidence, "--config", config, "--anchor", anchors, *at],
                          ["verify", evidence, "--config", config, "--anchor", anchors, *at, "--json"],
                          ["inspect", evidence], ["inspect", evidence, "--json"]):
            answer = command(self.thimble, arguments)
            with self.subTest(arguments=arguments[0::3]):
                self.assertIn("x\\u001b[2J", answer.text, "the name is shown")
                self.assertEqual({c for c in answer.text if ord(c) < 32 or 127 <= ord(c) < 160} - {"\n"}, set())
                self.assertFalse([line for line in answer.text.splitlines() if line.split() == ["decision", "accept"]])
                if arguments[0] == "verify":
                    self.assertEqual(answer.status, 1)

    def test_a_line_feed_in_a_chunks_extension_ends_the_connection(self):
        with self.server(self.config(""), self.cases / "service/anchors.pem", SERVICE_NOW) as server:
            received = server.exchange((self.cases / "service/ext-term.raw").read_bytes())
        self.assertTrue(received.startswith(b"HTTP/1.1 400 "), received)
        self.assertEqual(received.count(b"HTTP/1.1 "), 1, received)

    def test_a_database_that_never_ends_is_refused_within_seconds(self):
        begun = time.monotonic()
        answer = command(self.thimble, ["import", self.cases / "service/view-slow-nothing.db", "--config",
                                        self.config(f'[cache]\ndata = "{self.here / "store"}"\n')])
        self.assertLess(time.monotonic() - begun, 20)
        self.assertIn(answer.status, EXIT_CODE["refused"])
        self.assertIn('"pcs_certificates" is a view', answer.text)

    # -- amd/ --

    def test_amd(self):
        for name, beside, policy, right in AMD:
            with self.subTest(case=name):
                self.amd_both_ways(self.cases / "amd" / name, beside, policy, right)

    def test_variations_of_amd(self):
        for number, (name, files, beside, policy, right) in enumerate(VARIATIONS):
            folder = self.here / str(number)
            shutil.copytree(self.cases / "amd" / name, folder, copy_function=shutil.copyfile)
            folder.chmod(0o700)
            changed = {new: made and made[1]((folder / made[0]).read_bytes()) for new, made in files.items()}
            for new, data in changed.items():
                if data is None:
                    (folder / new).unlink()
                else:
                    (folder / new).write_bytes(data)
            with self.subTest(case=name, files=sorted(files), right=right):
                self.amd_both_ways(folder, beside, policy, right)

    def amd_both_ways(self, folder, beside, policy, right):
        config, anchors = self.config(policy_of(folder, policy)), folder / "anchors.pem"
        with self.server(config, anchors, AMD_NOW) as server:
            self.right(server.post(request_of_files(folder, beside)), right, HTTP_STATUS)
        collateral = folder / beside if beside == "thim.json" else folder
        nonce = ["--nonce", TPM_NONCE] if (folder / "tpm_quote.msg").exists() else []
        answer = self.verify(evidence_of(folder), config, anchors, "--collateral", collateral, "--at", AMD_NOW, *nonce)
        self.right(answer, right, EXIT_CODE)

    def test_text_is_decoded(self):
        folder = self.cases / "amd/text-hex-report"
        for name, version, check in (("report_milan.hex", 2, "snp.endorsement_missing"),
                                     ("report.b64", 3, "upstream.unreachable")):
            with self.subTest(file=name):
                inspected = command(self.thimble, ["inspect", folder / name, "--json"])
                self.assertEqual(inspected.status, 0, inspected.text)
                self.assertTrue(holds(inspected.body["files"], {"kind": "snp_report", "version": version}))
                answer = command(self.thimble, ["verify", folder / name, "--json", "--config", self.config("")])
                self.right(answer, unavailable(check), EXIT_CODE)

    def test_a_thim_document_is_inspected(self):
        answer = command(self.thimble, ["inspect", self.cases / "amd/thim-json-as-collateral/thim.json", "--json"])
        self.assertTrue(holds(answer.body.get("files"), {"kind": "thim_document"}), answer.text)

    def test_what_a_table_lacks_comes_from_the_kds(self):
        # All of these are of the same keys; a chain is the same for every chip of a product.
        chain = (self.cases / "amd/table-stale-vcek/chain.pem").read_bytes()
        for name, leaf in (("table-stale-vcek", "vcek.der"), ("table-empty-entry", "")):
            folder = self.cases / "amd" / name
            evidence = (folder / "extended.bin").read_bytes()
            vcek = f"/vcek/v1/Milan/{evidence[0x1A0:0x1E0].hex()}"
            answers = {"/vcek/v1/Milan/cert_chain": chain} | ({vcek: (folder / leaf).read_bytes()} if leaf else {})
            with self.subTest(case=name), Vendor(answers) as kds:
                config = self.config(POLICIES["no floors"],
                                     f'[intel]\nupstream = []\n[[amd.upstream]]\nurl = "{kds.url}/"\n')
                with self.server(config, folder / "anchors.pem", AMD_NOW) as server:
                    answer = server.post(evidence, "application/octet-stream")
                self.right(answer, accept(), HTTP_STATUS)
                self.assertEqual(vcek in kds.asked, bool(leaf), kds.asked)

    def test_an_empty_entry_is_an_absent_one(self):
        folder = self.cases / "amd/table-empty-entry"
        (self.here / "chain.pem").write_bytes((self.cases / "amd/table-stale-vcek/chain.pem").read_bytes())
        config = self.config(POLICIES["no floors"])
        for beside, right in ((folder, unavailable("snp.endorsement_missing")), (self.here, accept())):
            answer = self.verify(folder / "extended.bin", config, folder / "anchors.pem", "--collateral", beside,
                                 "--at", AMD_NOW)
            self.right(answer, right, EXIT_CODE)

    def test_thim_alone_is_enough_and_asked_once(self):
        folder = self.cases / "amd/thim-only-upstream"
        target = "/metadata/THIM/amd/certification"
        with Vendor({target: (folder / "thim.json").read_bytes()}) as imds:
            own = (folder / "thimble.toml").read_text().replace("http://127.0.0.1:8090", imds.url)
            (self.here / "thimble.toml").write_text(own.replace('"anchors.pem"', f'"{folder / "anchors.pem"}"'))
            with self.server(self.here / "thimble.toml", folder / "anchors.pem", AMD_NOW) as server:
                for _ in range(3):
                    answer = server.post((folder / "report.bin").read_bytes(), "application/octet-stream")
                    self.right(answer, accept(), HTTP_STATUS)
        self.assertEqual(imds.asked, [target])

    # -- what else of these kinds is elsewhere --

    def test_seven_entries_under_the_processor_ca(self):
        folder = self.cases / "intel/processor-seven-entries"
        answer = self.verify(folder / "quote.bin", self.config(""), folder / "root.pem", "--collateral", folder,
                             "--at", "2026-09-15T00:00:00Z")
        self.right(answer, accept(tcb_status="UpToDate"), EXIT_CODE)

    # -- and no case without a row --

    def test_every_case_is_here(self):
        service = {path.name for path in (self.cases / "service").iterdir()}
        self.assertEqual(service, {f"{row[0]}.json" for row in SERVICE} | ALSO_SERVICE)
        self.assertEqual({path.name for path in (self.cases / "amd").iterdir()}, {row[0] for row in AMD} | ALSO)


# -- a case as a request, or as files --


def evidence_of(folder):
    return next(folder / name for name in ("report.bin", "hcl.bin", "extended.bin") if (folder / name).exists())


def policy_of(folder, policy):
    return (folder / "policy.toml").read_text() if policy == "its own" else POLICIES[policy]


def in_base64(path):
    return base64.b64encode(path.read_bytes()).decode()


def request_of_files(folder, beside):
    files = [folder / name for name in beside.split()]
    body = {"evidence": in_base64(evidence_of(folder)),
            "endorsements": [in_base64(path) if path.suffix == ".der" else path.read_text() for path in files]}
    if (folder / "tpm_quote.msg").exists():
        body["nonce"] = TPM_NONCE
        body["tpm_quote"] = {"message": in_base64(folder / "tpm_quote.msg"),
                             "signature": in_base64(folder / "tpm_quote.sig")}
        if (folder / "tpm_pcrs.json").exists():
            body["tpm_quote"]["pcrs"] = json.loads((folder / "tpm_pcrs.json").read_text())
    return json.dumps(body)


def files_of_request(body, directory):
    """The evidence's file and the options that go with it."""
    (directory / "evidence").write_bytes(base64.b64decode(body["evidence"]))
    options = ["--nonce", body["nonce"]] if "nonce" in body else []
    if "collateral" in body:
        (directory / "collateral.json").write_text(json.dumps(body["collateral"]))
        return [directory / "evidence", "--collateral", directory / "collateral.json", *options]
    beside = directory / "beside"
    beside.mkdir()
    write_endorsements([base64.b64decode(text) for text in body["endorsements"]], beside)
    if quote := body.get("tpm_quote"):
        (beside / "tpm_quote.msg").write_bytes(base64.b64decode(quote["message"]))
        (beside / "tpm_quote.sig").write_bytes(base64.b64decode(quote["signature"]))
        (beside / "tpm_pcrs.json").write_text(json.dumps(quote["pcrs"]))
    return [directory / "evidence", "--collateral", beside, *options]


def write_endorsements(ders, directory):
    """By the names that are judged as they are: the leaf comes first, a CRL (its version is 1, without a tag) last."""
    certificates = [der for der in ders if der[8] == 0xA0]
    for der in ders:
        if der not in certificates:
            (directory / "crl.der").write_bytes(der)
    if certificates:
        (directory / "vcek.der").write_bytes(certificates[0])
        (directory / "chain.pem").write_text("".join(map(ssl.DER_cert_to_PEM_cert, certificates[1:])))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    FieldCases.thimble, FieldCases.cases = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
    if not (FieldCases.cases / "service").is_dir():
        print(f"SKIPPED: there are no cases at {FieldCases.cases}")
        sys.exit(77)
    inherited_environment()
    unittest.main(argv=sys.argv[:1])


if __name__ == "__main__":
    main()
