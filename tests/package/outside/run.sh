#!/usr/bin/env bash
# Installs the core library into a scratch folder, builds the outside project against it and verifies two quotes:
# run.sh BUILD_DIR THIMBLE_VENDORS. A good quote must hold, a forged one must not; and the example says of each what it must.
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

# The example: verify, bind, appraise, print. REPORTDATA of a TD report 1.0 in a version 4 quote: DCAP 1.2.
appraise() { # WANTED_EXIT WANTED_TEXT QUOTE COLLATERAL [REPORT_DATA]
  local quote=$scratch/vendors/$3 said status=0
  local data=${5:-$(od -An -v -tx1 -j568 -N64 "$quote" | tr -d ' \n')}
  said=$("$scratch/build/appraise" "$scratch/vendors/intel-root.pem" "$quote" "$scratch/vendors/$4" "$data" 2>&1) || status=$?
  [[ $status = "$1" && $said = *"$2"* ]] || { echo "appraise $3 $4: ended with $status, not $1, and said: $said"; exit 1; }
}
appraise 0 "accept, authentic, TCB status UpToDate" good-tdx-v4.bin collateral-tdx
appraise 1 "report_data.mismatch" good-tdx-v4.bin collateral-tdx 00
appraise 1 "policy.accepted_statuses" old-tdx-v4.bin collateral-tdx
appraise 1 "quote.signature" forged-signature-tdx-v4.bin collateral-tdx
appraise 3 "collateral.missing" good-tdx-v4.bin nowhere
appraise 4 "quote.format" root.pem collateral-tdx 00
