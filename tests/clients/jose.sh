#!/usr/bin/env bash
# Installs panva's jose from the registry of npm and has it check signed results while their key is rotated:
# jose.sh THIMBLE THIMBLE_VENDORS. Exit 77: skipped, npm or its registry is not there.
set -euo pipefail
thimble=$1 vendors=$2
here=$(cd "$(dirname "$0")" && pwd)
version=5.10.0
scratch=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$scratch"
}
trap cleanup EXIT

skip() { echo "SKIPPED: $1"; exit 77; }
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then skip "node and npm are not installed"; fi
npm install --prefix "$scratch" --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000 \
  "jose@$version" >"$scratch/npm.log" 2>&1 || skip "npm cannot install jose: $(tail -n 1 "$scratch/npm.log")"

wait_for() { # TEXT FILE
  for _ in $(seq 200); do grep -qs "$1" "$2" && return; sleep 0.1; done
  echo "no \"$1\" in $2"; exit 1
}
"$vendors" --listen 127.0.0.1:0 --out "$scratch/vendors" >"$scratch/ready" & pids+=($!)
wait_for ready "$scratch/ready"
serve() { # NAME [OPTIONS]: its URL in $url
  local out="$scratch/$1"; shift
  "$thimble" serve --data "$scratch/data" --listen 127.0.0.1:0 --config "$scratch/vendors/config.toml" "$@" \
    >"$out" 2>"$out.log" & server=$!; pids+=("$server")
  wait_for "listening on" "$out"
  url=$(sed -n 's/^listening on //p' "$out")
}
client() { NODE_PATH="$scratch/node_modules" node "$here/jose.js" "$@"; }
token() { # FILE
  curl -sS --fail --data-binary "@$scratch/vendors/good-tdx-v4.bin" -H 'Content-Type: application/octet-stream' \
    "$url/v1/verify?ear=true" | node -p 'JSON.parse(require("fs").readFileSync(0)).ear' >"$1"
}

serve first
token "$scratch/before.jwt"
client holds "$url" "$scratch/before.jwt"
"$thimble" result-key rotate --data "$scratch/data"
token "$scratch/after.jwt"
client holds "$url" "$scratch/before.jwt" "$scratch/after.jwt"
client differs "$scratch/before.jwt" "$scratch/after.jwt"

# Once the last token under the old key has ended, nobody shows that key any more; as before, after a restart.
kill "$server"; wait "$server" || true
serve second --frozen-time "$(date -u -d '+7 minutes' +%Y-%m-%dT%H:%M:%SZ)"
client holds "$url" "$scratch/after.jwt"
client unknown "$url" "$scratch/before.jwt"
