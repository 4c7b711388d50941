#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a fleet of replicas costs the vendors and its database on a usual day and on that of a TCB recovery, and when every
replica serves the new set. docs/SCALE.md has the figures, the assumptions, and a measured run (fleet_run) beside them.

  model.py [NAME=NUMBER...]      replicas=200 platforms=1e6 kinds=50 ...; without any: as in docs/SCALE.md
"""

import random
import statistics
import sys

ASSUMED = {
    "replicas": 200, "platforms": 1e6, "kinds": 50,        # kinds: FMSPCs
    "tdx_share": 0.8,             # of the kinds that have TDX, too
    "max_age_h": 24,              # refresh.max_age
    "updated_share": 1 / 30,      # of the platforms that show a new TCB on that day: a roll-out over a month
    "verifications_each": 24,     # a platform and day
    "issued_share": 0.5,          # of these with a nonce of POST /v1/challenge
    "tcb_info_kb": 12, "identity_kb": 3, "crl_kb": 1, "chain_kb": 2.2, "registration_kb": 2.5, "nonce_b": 110,
    "vendor_s": 0.3, "at_once": 2,  # a question to the vendor; how many one replica has under way
    "take_ms": 4,                 # to verify and write down an item of another replica's
    "poll_s": 0.5, "beat_s": 1.0, "changes_page": 50,
}
DAY = 86400


def items(a):
    """What platforms share: (how many, kB of each, renewed daily)."""
    infos = a["kinds"] * (1 + a["tdx_share"])
    return [(infos, a["tcb_info_kb"] + a["chain_kb"], True), (3, a["identity_kb"] + a["chain_kb"], True), (2, 1 + a["chain_kb"], True),
            (3, a["crl_kb"] + a["chain_kb"], False), (12, a["crl_kb"] + a["chain_kb"], False)]


def earliest(a, rng, replicas):
    """Seconds from a check to the next by whichever replica is due first: each shortens the interval by up to a tenth."""
    return a["max_age_h"] * 3600 * (1 - 0.1 * max(rng.random() for _ in range(int(replicas))))


def by_itself(a, rng, rounds=200):
    """Hours from the vendor's publication to its last item, found by renewal alone; it comes at any moment between two checks."""
    changed = round(a["kinds"] * (1 + a["tdx_share"])) + 3
    firsts, lasts = [], []
    for _ in range(rounds):
        found = [rng.random() * earliest(a, rng, a["replicas"]) / 3600 for _ in range(changed)]
        firsts.append(statistics.mean(found))
        lasts.append(max(found))
    return statistics.mean(firsts), statistics.mean(lasts)


def model(a):
    rng = random.Random(19)
    every = statistics.mean(earliest(a, rng, a["replicas"]) for _ in range(500))
    alone = a["max_age_h"] * 3600 * 0.95
    daily = sum(n for n, _, renewed in items(a) if renewed)
    slow = sum(n for n, _, renewed in items(a) if not renewed)
    fleet_day, alone_day = daily * DAY / every + slow / 15, a["replicas"] * (daily * DAY / alone + slow / 15)
    changed = a["kinds"] * (1 + a["tdx_share"]) + 3
    changed_kb = a["kinds"] * (1 + a["tdx_share"]) * (a["tcb_info_kb"] + a["chain_kb"]) + 3 * (a["identity_kb"] + a["chain_kb"])
    updated = a["platforms"] * a["updated_share"]
    nonces = a["platforms"] * a["verifications_each"] * a["issued_share"]
    mean_h, last_h = by_itself(a, rng)
    told = changed * a["vendor_s"] / a["at_once"]
    taken = a["poll_s"] + changed * a["take_ms"] / 1000
    polls, beats = a["replicas"] / a["poll_s"], a["replicas"] / a["beat_s"]
    yield "shared items held by each replica", f"{daily + slow:.0f}"
    yield "questions for them, a usual day", f"{fleet_day:.0f} (each for itself: {alone_day:.0f})"
    yield "questions for them, the day of recovery", f"{fleet_day + changed:.0f} (each for itself: {alone_day + a['replicas'] * changed:.0f})"
    yield "questions for PCK certificates that day", f"{updated:.0f}, {updated / DAY:.2f}/s, where a platform comes to one replica"
    yield "rows written: items", f"{fleet_day + changed:.0f} a day"
    yield "rows written: registry", f"{updated:.0f} a day, {updated / DAY:.2f}/s"
    yield "rows written: nonces", f"{nonces:.3g} a day, {nonces / DAY:.0f}/s; {nonces:.3g} rows, {nonces * a['nonce_b'] / 1e9:.1f} GB are kept"
    yield "rows written: replicas, that they are there", f"{beats:.0f}/s"
    yield "statements that only look", f"{polls:.0f}/s"
    yield "rows held: registry", f"{a['platforms']:.3g}, {a['platforms'] * a['registration_kb'] / 1e6:.2f} GB"
    yield "bytes out of the database: the new set", f"{a['replicas'] * changed_kb / 1e3:.0f} MB within {taken:.1f} s"
    yield "bytes out of the database: registry", f"{updated / DAY * a['registration_kb'] * a['replicas'] / 1e3:.2f} MB/s"
    yield "new set with all, found by renewal", f"on average {mean_h:.1f} h, the last item {last_h:.1f} h after its publication"
    yield "new set with all, one replica told to renew", f"{told + taken:.1f} s ({told:.1f} s to ask the vendor, then {taken:.1f} s at most)"


def main():
    assumed = dict(ASSUMED)
    for word in sys.argv[1:]:
        name, _, number = word.partition("=")
        if name not in assumed:
            sys.exit(__doc__)
        assumed[name] = float(number)
    for what, figure in model(assumed):
        print(f"{what:<46} {figure}")


if __name__ == "__main__":
    main()
