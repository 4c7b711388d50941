#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each metric, label and label value that the alerts and the dashboard name is there in what a real server says of itself:
measured_names_test.py THIMBLE THIMBLE_VENDORS. And docs/OPERATIONS.md says what to do about each alert."""

import json
import re
import sys
from pathlib import Path

import yaml

from place import server

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = re.compile(r"\b((?:thimble|process)_\w+|up)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
TARGET = {"job", "instance"}  # Prometheus' own
CLOSED = {"event", "outcome", "freshness"}  # labels whose values are all there from the start, or from the first call on
REPLICAS = {"thimble_shared_up"}  # only with [shared]: alerts_test.py has it with a database
HISTOGRAM = re.compile(r"_(bucket|sum|count)$")


def expressions():
    """(where, PromQL)"""
    for group in yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    dashboard = json.loads((ROOT / "deploy/grafana/thimble.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["definition"]


def exposed(text):
    """{name: {label: values}}"""
    names = {name: {} for name in re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, labels = re.match(r"(\w+)(?:\{(.*)\})? ", line).groups()
        bare = name if name in names else HISTOGRAM.sub("", name)
        for label, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""):
            names[bare].setdefault(label, set()).add(value)
    return names


def faults(where, expression, names):
    for name, matchers in NAME.findall(expression):
        if name == "up" or name in REPLICAS:
            continue
        bare = name if name in names else HISTOGRAM.sub("", name)
        if bare not in names:
            yield f"{where}: no metric {name}"
            continue
        for label, operator, value in MATCHER.findall(matchers):
            if label in TARGET:
                continue
            if label not in names[bare]:
                yield f"{where}: {name} has no label {label}"
            elif label in CLOSED:
                for one in value.split("|") if operator.endswith("~") else [value]:
                    if one not in names[bare][label]:
                        yield f"{where}: {name} has no {label} {one}"


def self_test(names):
    for wrong in ("thimble_nothing > 0", 'thimble_cache_events_total{event="never"}', 'thimble_items{kind="a"}',
                  'thimble_cache_events_total{event=~"hit|never"}', "process_nothing", "thimble_request_seconds_total"):
        assert list(faults("self", wrong, names)), wrong


def main(thimble, vendors):
    with server(thimble, vendors) as running:
        for path in ("/sgx/certification/v4/tcb?fmspc=00806F050000", "/sgx/certification/v4/tcb?fmspc=00806F050000",
                     "/vcek/v1/Genoa/crl", "/nothing"):
            running.get(path)
        evidence = running.evidence("good-tdx-v4.bin")
        running.post("/v1/verify", evidence)
        status, text = running.get("/metrics")
        assert status == 200, text
    names = exposed(text)
    self_test(names)
    wrong = [fault for where, expression in expressions() for fault in faults(where, expression, names)]
    runbook = (ROOT / "docs/OPERATIONS.md").read_text()
    wrong += [f"docs/OPERATIONS.md does not name the alert {where}" for where, _ in expressions()
              if re.fullmatch(r"Thimble[A-Z]\w+", where) and where not in runbook]
    print("\n".join(wrong) or f"{len(names)} metrics, {sum(1 for _ in expressions())} expressions")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
