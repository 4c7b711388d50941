#!/usr/bin/env bash
# The status page in a browser: browser_test.sh THIMBLE THIMBLE_VENDORS [SCREENSHOTS]. Exit 77: skipped, Chromium, npm or
# its registry is not there. SCREENSHOTS: a directory that pictures are taken into.
set -euo pipefail
thimble=$1 vendors=$2 screenshots=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
pids=()
cleanup() {
  exec 3>&- || true
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait || true
  rm -rf "$scratch"
}
trap cleanup EXIT

skip() { echo "SKIPPED: $1"; exit 77; }
chromium=${CHROMIUM:-$(command -v chromium || true)}
[ -n "$chromium" ] || skip "Chromium is not installed (Debian's package chromium)"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then skip "node and npm are not installed"; fi
modules=${PAGE_MODULES:-$scratch/node_modules}
[ -d "$modules" ] || npm install --prefix "$scratch" --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000 \
  puppeteer-core@23.11.1 axe-core@4.10.3 >"$scratch/npm.log" 2>&1 || skip "npm cannot install: $(tail -n 1 "$scratch/npm.log")"

mkfifo "$scratch/hold"
"$here/fleet.py" "$thimble" "$vendors" "$scratch" <"$scratch/hold" >"$scratch/fleet" & pids+=($!)
exec 3>"$scratch/hold"
for _ in $(seq 1200); do grep -qs ^ready "$scratch/fleet" && break; kill -0 "${pids[0]}"; sleep 0.1; done
url=$(sed -n 's/^url //p' "$scratch/fleet")
node "$here/socket_proxy.js" "$(sed -n 's/^socket //p' "$scratch/fleet")" >"$scratch/proxy" & pids+=($!)
for _ in $(seq 100); do grep -qs ^http "$scratch/proxy" && break; sleep 0.1; done
NODE_PATH=$modules CHROMIUM=$chromium FONTCONFIG_FILE=$here/fonts.conf \
  node "$here/paths.js" "$url" "$(head -n 1 "$scratch/proxy")" "$scratch/vendors" ${screenshots:+"$screenshots"}
