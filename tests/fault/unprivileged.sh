#!/usr/bin/env bash
# A directory that the user may not write to: unprivileged.sh FAULT_TEST, as nobody when root runs it. Skipped (77) where nobody
# cannot reach the binary.
set -euo pipefail
test=$1
as=()
if [ "$(id -u)" = 0 ]; then as=(setpriv --reuid=65534 --regid=65534 --clear-groups env -u HOME); fi
"${as[@]}" test -x "$test" || { echo "skipped: nobody cannot execute $test"; exit 77; }
cd /
out=$("${as[@]}" "$test" --gtest_filter='DamageTest.ADirectoryThatCannotBeWrittenIsNamed' 2>&1) || { echo "$out"; exit 1; }
grep -q 'PASSED  . 1 test' <<<"$out" || { echo "$out"; exit 1; }
! grep -q SKIPPED <<<"$out" || { echo "$out"; exit 1; }
