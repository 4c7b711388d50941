#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each alert of deploy/prometheus/rules.yml fires over what a real server says in the state that it is for, and not over what
a calm one says: alerts_test.py THIMBLE THIMBLE_VENDORS. Scrapes become the series of a test of promtool's, a minute each or as
many as the state is to last; times in them count from the first. Skipped (77) without promtool. An alert without a row fails.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

import states
from place import Place

RULES = Path(__file__).resolve().parent.parent.parent / "deploy/prometheus/rules.yml"
ROWS = {
    "ThimbleDown": states.server_gone,
    "ThimbleItemStale": states.collateral_ended,
    "ThimbleCollateralEndsSoon": states.collateral_ending,
    "ThimbleItemFailing": states.vendors_down,
    "ThimbleRefreshStopped": states.clock_behind,
    "ThimbleUpstreamFails": states.vendors_down,
    "ThimbleAnswerRefused": states.answer_not_authentic,
    "ThimbleStoreFails": states.disk_full,
    "ThimbleStoreUnreadable": states.store_damaged,
    "ThimbleRegistrationsLost": states.registration_damaged,
    "ThimbleClockJumped": states.clock_set,
    "ThimbleErrors": states.upstream_unreachable,
    "ThimbleSlow": states.upstream_slow,
    "ThimbleRejectsMost": states.forged_evidence,
    "ThimbleConfigurationRefused": states.configuration_wrong,
    "ThimbleFilesRunOut": states.descriptors_taken,
    "ThimbleCertificateEnds": states.certificate_ending,
    "ThimbleAuditFails": states.disk_full,
    "ThimbleAuditFillsUp": states.audit_filling,
    "ThimbleAuditDamaged": states.audit_damaged,
    "ThimbleSharedDatabaseAway": states.database_away,
}
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
NAME = re.compile(r"\b(?:thimble|process)_\w+")


class Scrapes:
    """What became of one state: [(text or None, minutes)], and when the first was."""

    def __init__(self, lapse, began):
        self.lapse, self.began = lapse, began
        self.minutes = sum(minutes for _, minutes in lapse)

    def series(self, instance, names):
        """{series: [a value or "_" for each minute]}"""
        found, minute = {}, 0
        for text, minutes in self.lapse:
            for name, value in self.samples(text, instance, names):
                found.setdefault(name, ["_"] * self.minutes)[minute:minute + minutes] = [value] * minutes
            minute += minutes
        return found

    def samples(self, text, instance, names):
        yield f'up{{job="thimble",instance="{instance}"}}', "0" if text is None else "1"
        for line in (text or "").splitlines():
            sample = SAMPLE.match(line)
            if not sample or sample[1] not in names:
                continue
            value = float(sample[3])
            if sample[1].endswith("_timestamp_seconds"):
                value -= self.began
            labels = f'job="thimble",instance="{instance}"' + (f",{sample[2]}" if sample[2] else "")
            yield f"{sample[1]}{{{labels}}}", repr(value).replace("inf", "Inf").replace("nan", "NaN")


def make(function, binaries, directory):
    place, began = Place(*binaries, Path(directory) / function.__name__), time.time()
    try:
        lapse = function(place)
        print(f"   {function.__name__}: {time.time() - began:.1f} s", flush=True)
        return Scrapes(lapse, began)
    finally:
        place.stop()


def test_of(alert, bad, calm, names):
    """The alert of the instance in the state is firing at the end, and no other's."""
    series = {**bad.series("bad", names), **Scrapes([(calm.lapse[0][0], bad.minutes)], time.time()).series("calm", names)}
    fires = f'sum by (instance) (ALERTS{{alertname="{alert}",alertstate="firing"}}) > bool 0'
    return {"name": alert, "interval": "1m",
            "input_series": [{"series": name, "values": " ".join(values)} for name, values in series.items()],
            "promql_expr_test": [{"expr": fires, "eval_time": f"{bad.minutes - 1}m",
                                  "exp_samples": [{"labels": '{instance="bad"}', "value": 1}]}]}


def main(thimble, vendors):
    if not shutil.which("promtool"):
        print("skipped: no promtool (deploy/install-packages tests brings it)")
        return 77
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    names = {name for rule in rules for name in NAME.findall(rule["expr"])}
    wrong = [f"{alert}: in one of rules and rows alone" for alert in {rule["alert"] for rule in rules} ^ ROWS.keys()]
    if wrong:
        print("\n".join(sorted(wrong)))
        return 1
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(4) as pool:
        wanted = list(dict.fromkeys([states.calm, states.clock_set, states.upstream_slow, *ROWS.values()]))  # the longest first
        made = dict(zip(wanted, pool.map(lambda function: make(function, (thimble, vendors), directory), wanted)))
        tests = [test_of(alert, made[function], made[states.calm], names) for alert, function in ROWS.items()]
        file = Path(directory) / "alerts.yml"
        file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}, width=10 ** 9))
        outcome = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True)
    print(outcome.stdout, outcome.stderr)
    print(f"{len(tests)} alerts over {len(made)} states")
    return outcome.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
