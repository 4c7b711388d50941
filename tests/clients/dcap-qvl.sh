#!/usr/bin/env bash
# Installs Phala's dcap-qvl from the registry of npm and has it verify quotes on collateral from a Thimble:
# dcap-qvl.sh THIMBLE THIMBLE_VENDORS. Exit 77: skipped, npm or its registry is not there.
set -euo pipefail
thimble=$1 vendors=$2
here=$(cd "$(dirname "$0")" && pwd)
version=0.3.9
scratch=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$scratch"
}
trap cleanup EXIT

skip() { echo "SKIPPED: $1"; exit 77; }
for tool in node npm; do command -v $tool >/dev/null || skip "$tool is not installed"; done
npm install --prefix "$scratch" --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000 \
  "@phala/dcap-qvl@$version" >"$scratch/npm.log" 2>&1 || skip "npm cannot install @phala/dcap-qvl: $(tail -n 1 "$scratch/npm.log")"

wait_for() { # TEXT FILE
  for _ in $(seq 200); do grep -qs "$1" "$2" && return; sleep 0.1; done
  echo "no \"$1\" in $2"; exit 1
}
"$vendors" --listen 127.0.0.1:0 --out "$scratch/vendors" >"$scratch/ready" & pids+=($!)
wait_for ready "$scratch/ready"
"$thimble" serve --ephemeral --listen 127.0.0.1:0 --config "$scratch/vendors/config.toml" >"$scratch/out" 2>"$scratch/log" & pids+=($!)
wait_for "listening on" "$scratch/out"
NODE_PATH="$scratch/node_modules" node "$here/dcap-qvl.js" "$(sed -n 's/^listening on //p' "$scratch/out")" "$scratch/vendors"
