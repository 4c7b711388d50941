# SPDX-License-Identifier: Apache-2.0
"""The states that alerts are for, each made with a real server: a function gives what Prometheus would have scraped, as
[(text of /metrics, or None where nothing answered; for how many minutes)]."""

import json
import resource
import socket
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

TCB = "/sgx/certification/v4/tcb?fmspc=00806F050000"
NOW = datetime.now(timezone.utc)
HERE = Path(__file__).resolve().parent


def value(text, name):
    """Of the first sample whose line begins so."""
    return next((float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name)), 0.0)


def holds(name, above=0.0):
    return lambda text: value(text, name) > above


def refresh(place):
    place.admin("POST", "/v1/refresh?all=1")


def fill(place):
    for target in (TCB, "/sgx/certification/v4/qe/identity", "/vcek/v1/Genoa/crl"):
        place.ask(target)


def calm(place):
    """Nothing is wrong: no alert of this server's may fire."""
    place.start_vendors()
    place.serve()
    fill(place)
    place.ask("/v1/verify", place.evidence("good-tdx-v4.bin"))
    return [(place.scrape(), 1)]


def server_gone(place):
    place.start_vendors()
    place.serve()
    before = place.scrape()
    place.stop_server()
    return [(before, 1), (place.scrape(), 7)]


def left_alone(place, days, minutes):
    """The vendors answered `days` ago and do not any more."""
    place.start_vendors(NOW - timedelta(days=days))
    place.serve(at=NOW - timedelta(days=days))
    fill(place)
    place.stop_server()
    place.end(place.vendor)
    place.serve()
    place.scrape_until(holds('thimble_item_failing{item="intel/tcb'))
    scrapes = []
    for _ in range(4):
        refresh(place)
        scrapes.append((place.scrape(), minutes))
    return scrapes


def vendors_down(place):
    return left_alone(place, 10, 40)


def collateral_ending(place):
    return left_alone(place, 29.5, 10)


def collateral_ended(place):
    return left_alone(place, 31, 10)


def clock_behind(place):
    place.start_vendors(NOW - timedelta(hours=2))
    place.serve(at=NOW - timedelta(hours=2))
    return [(place.scrape_until(holds("thimble_refresh_last_pass_timestamp_seconds")), 15)]


def clock_set(place):
    offset, library = place.here / "offset", place.here / "skewed_clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "skewed_clock.c"], check=True)
    offset.write_text("0")
    place.start_vendors()
    place.serve(environment={"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(offset)})
    before = place.scrape()
    time.sleep(0.1)
    offset.write_text("3600")
    return [(before, 5), (place.scrape_until(holds("thimble_clock_jumps_total")), 5)]


def answer_not_authentic(place):
    place.start_vendors()
    place.serve()
    fill(place)
    before = place.scrape()
    place.mode("bad-signature", "tcb")
    refresh(place)
    return [(before, 5), (place.scrape_until(holds('thimble_cache_events_total{event="refused"}')), 5)]


def disk_full(place):
    """No file may grow: what a full disk does to each write."""
    place.start_vendors()
    place.serve()
    place.ask(TCB)
    before = place.scrape()
    resource.prlimit(place.server.pid, resource.RLIMIT_FSIZE, (100, 100))
    for product in ("Milan", "Genoa", "Turin"):
        place.ask(f"/vcek/v1/{product}/cert_chain")
    place.ask("/v1/verify", place.evidence("good-tdx-v4.bin"))
    full = place.scrape_until(lambda text: holds('thimble_cache_events_total{event="store_failed"}')(text) and
                              holds("thimble_audit_failing")(text))
    return [(before, 5), (full, 15)]


def upstream_unreachable(place):
    place.start_vendors()
    place.serve()
    place.end(place.vendor)
    scrapes = []
    for i in range(5):
        place.ask(f"/sgx/certification/v4/tcb?fmspc=0000000000{i:02X}")
        scrapes.append((place.scrape(), 5))
    return scrapes


def upstream_slow(place):
    place.start_vendors()
    place.serve()
    place.mode("delay:2600")
    scrapes = []
    for i in range(4):
        place.ask(f"/sgx/certification/v4/tcb?fmspc=0000000000{i:02X}")
        scrapes.append((place.scrape(), 8))
    return scrapes


def forged_evidence(place):
    place.start_vendors()
    place.serve()
    scrapes = []
    for _ in range(5):
        place.ask("/v1/verify", place.evidence("forged-report-tdx-v4.bin"))
        scrapes.append((place.scrape(), 15))
    return scrapes


def configuration_wrong(place):
    place.start_vendors()
    place.serve()
    before = place.scrape()
    place.write_config("[sever]\n")
    place.server.send_signal(1)
    return [(before, 2), (place.scrape_until(holds("thimble_reload_refused")), 2)]


def descriptors_taken(place):
    place.start_vendors()
    place.serve(limits={resource.RLIMIT_NOFILE: 120})
    before = place.scrape()
    free = int(120 * 0.85 - value(before, "process_open_fds"))
    port = int(place.url.rsplit(":", 1)[1])
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(free)]
    taken = place.scrape_until(holds("process_open_fds", 120 * 0.8))
    for one in held:
        one.close()
    return [(before, 2), (taken, 15)]


def certificate_ending(place):
    certificate, key = place.here / "server.pem", place.here / "server.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "10",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    place.start_vendors()
    place.write_config(server=f'tls_certificate = "{certificate}"\ntls_key = "{key}"')
    place.serve()
    place.trust(certificate)
    return [(place.scrape(), 70)]


def register(place, number):
    body = json.dumps({"qe_id": f"AB{number}", "pce_id": "0000", "cpu_svn": "0" * 32, "pce_svn": "0D00", "enc_ppid": "a" * 768,
                       "platform_manifest": ""})
    assert place.admin("POST", "/sgx/certification/v4/platforms", body)[0] == 200


def flip(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x10
    path.write_bytes(content)


def registration_damaged(place):
    """The store is gone, and a line of the journal is damaged."""
    place.start_vendors()
    place.write_config('[pccs]\nmode = "OFFLINE"\n')
    place.serve()
    for number in range(4):
        register(place, number)
    place.stop_server()
    journal = place.data / "registrations.journal"
    kept = journal.read_bytes()
    subprocess.run(["rm", "-rf", place.data], check=True)
    place.data.mkdir(mode=0o700)
    journal.write_bytes(kept)
    flip(journal, len(kept) // 2)
    place.serve()
    return [(place.scrape(), 2)]


def store_damaged(place):
    """The disk gives back other bytes than were written, below a server that runs (a start on them is refused)."""
    place.start_vendors()
    place.serve()
    fill(place)
    place.stop_server()
    place.serve()
    before = place.scrape()
    for table in place.data.glob("*.sst"):
        content = bytearray(table.read_bytes())
        content[::64] = bytes(byte ^ 0x10 for byte in content[::64])
        table.write_bytes(content)
    fill(place)
    place.ask("/v1/history?key=intel/identity/qe/standard")
    place.admin("GET", "/sgx/certification/v4/platforms")
    return [(before, 2), (place.scrape_until(holds("thimble_store_unreadable_entries")), 2)]


def audit_filling(place):
    """More than half of what it may take: each reading of the configuration writes down every policy."""
    place.start_vendors()
    policies = "".join(f"[policy.p{i}]\n" for i in range(200))
    place.write_config("[audit]\nmax_file_mib = 1\nmax_total_mib = 2\n" + policies)
    place.serve()
    end = time.monotonic() + 60
    while value(text := place.scrape(), "thimble_audit_bytes") <= 2 ** 20 and time.monotonic() < end:
        place.server.send_signal(1)
        time.sleep(0.3)
    return [(text, 15)]


def database_away(place):
    place.start_vendors()
    place.write_config('[shared]\nurl = "postgresql://thimble@127.0.0.1:1/thimble"\n')
    place.serve()
    return [(place.scrape(), 7)]


def audit_damaged(place):
    place.start_vendors()
    place.serve()
    for name in ("good-tdx-v4.bin", "forged-report-tdx-v4.bin", "good-sgx-v3.bin"):
        place.ask("/v1/verify", place.evidence(name))
    place.stop_server()
    trail = next((place.data / "audit").glob("audit-*.jsonl"))
    flip(trail, trail.stat().st_size // 3)
    place.serve()
    return [(place.scrape_until(holds("thimble_audit_damaged")), 2)]
