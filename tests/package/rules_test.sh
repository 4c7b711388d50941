#!/usr/bin/env bash
# Each alert fires of what it is for, and not of what falls just short of it. Skipped (77) without promtool.
set -euo pipefail
command -v promtool >/dev/null || { echo "skipped: no promtool (deploy/install-packages tests brings it)"; exit 77; }
cd "$(dirname "$0")/../../deploy/prometheus"
promtool check rules rules.yml
promtool test rules rules_test.yml
# An alert without a test would pass there.
sed -n 's/^ *- alert: //p' rules.yml | while read -r alert; do
  grep -q "alertname: $alert$" rules_test.yml || { echo "no test of $alert"; exit 1; }
done
