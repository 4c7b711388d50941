#!/usr/bin/env bash
# Installs the core library into a scratch folder, builds the outside project against it and verifies two quotes:
# run.sh BUILD_DIR THIMBLE_VENDORS. A good quote must hold, a forged one must not.
set -euo pipefail
build=$1 vendors=$2
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
vendors_pid=
cleanup() {
  [ -z "$vendors_pid" ] || kill "$vendors_pid" 2>/dev/null || true
  rm -rf "$scratch"
}
trap cleanup EXIT

cmake --install "$build" --component core --prefix "$scratch/prefix" >/dev/null
cmake -S "$here" -B "$scratch/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$scratch/prefix" >/dev/null
cmake --build "$scratch/build" >/dev/null

"$vendors" --listen 127.0.0.1:0 --out "$scratch/vendors" >"$scratch/ready" &
vendors_pid=$!
for _ in $(seq 100); do grep -q ready "$scratch/ready" && break; sleep 0.1; done

outside=$scratch/build/outside
"$outside" "$scratch/vendors/root.pem" "$scratch/vendors/good-tdx-v4.bin"
status=0
"$outside" "$scratch/vendors/root.pem" "$scratch/vendors/forged-report-tdx-v4.bin" || status=$?
[ "$status" = 1 ] || { echo "the forged quote ended with $status, not 1"; exit 1; }
