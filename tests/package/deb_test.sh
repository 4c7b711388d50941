#!/usr/bin/env bash
# The Debian packages of a build: what is in them, whose it is, what they depend on, and that making them again gives the
# same bytes. deb_test.sh BUILD_DIR. Skipped (77) without dpkg-shlibdeps.
set -euo pipefail
command -v dpkg-shlibdeps >/dev/null || { echo "skipped: no dpkg-shlibdeps"; exit 77; }
build=$1
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export SOURCE_DATE_EPOCH=1700000000
fail() { echo "$1"; exit 1; }

pack() { # DIRECTORY
  (cd "$build" && cpack -G DEB -B "$scratch/$1" -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip >"$scratch/log" 2>&1) || { cat "$scratch/log"; exit 1; }
}
pack first
pack second
for package in "$scratch"/first/*.deb; do
  cmp "$package" "$scratch/second/$(basename "$package")"
done

thimble=("$scratch"/first/thimble_*.deb)
library=("$scratch"/first/libthimble-tcb-dev_*.deb)
[ "${#thimble[@]}${#library[@]}" = 11 ] || fail "not one package of each"
dpkg-deb --fsys-tarfile "${thimble[0]}" | tar -tv >"$scratch/list"
for path in /usr/bin/thimble /etc/thimble/thimble.toml /usr/lib/systemd/system/thimble.service \
  /usr/lib/systemd/system/thimble-refresh.service /usr/lib/systemd/system/thimble-refresh.timer \
  /usr/lib/sysusers.d/thimble.conf /usr/lib/tmpfiles.d/thimble.conf /usr/share/thimble/amd-floors.json \
  /usr/share/thimble/prometheus/rules.yml /usr/share/thimble/grafana/thimble.json /usr/share/man/man1/thimble.1.gz \
  /usr/share/man/man1/thimble-verify-result.1.gz /usr/share/bash-completion/completions/thimble \
  /usr/share/zsh/vendor-completions/_thimble \
  /usr/share/doc/thimble/OPERATIONS.md /usr/share/doc/thimble/copyright /usr/share/doc/thimble/sbom.cdx.json; do
  grep -q " \.$path\$" "$scratch/list" || fail "thimble has no $path"
done
grep -vE '^\S+ root/root ' "$scratch/list" && fail "not root's"
grep -E '^-.......w' "$scratch/list" && fail "others may write to it"
[ "$(dpkg-deb -f "${thimble[0]}" Package)" = thimble ]
for need in libssl3 librocksdb libcurl4 libsimdjson libc6 passwd; do
  dpkg-deb -f "${thimble[0]}" Depends | grep -q "$need" || fail "does not depend on $need"
done
dpkg-deb -I "${thimble[0]}" conffiles | grep -qx /etc/thimble/thimble.toml || fail "the configuration is no conffile"

dpkg-deb -x "${thimble[0]}" "$scratch/root"
"$scratch/root/usr/bin/thimble" check-config "$scratch/root/etc/thimble/thimble.toml" >/dev/null
grep -q '^ExecStart=/usr/bin/thimble serve --config /etc/thimble/thimble.toml$' "$scratch/root/usr/lib/systemd/system/thimble.service"
gzip -dc "$scratch/root/usr/share/man/man1/thimble.1.gz" | grep -q 'verify\\-result' || fail "the manual does not have every verb"
bash -n "$scratch/root/usr/share/bash-completion/completions/thimble" || fail "bash cannot read its completion"
python3 - "$scratch/root/usr/share/doc/thimble/sbom.cdx.json" <<'END'
import json, sys
bill = json.load(open(sys.argv[1]))
assert bill["bomFormat"] == "CycloneDX" and bill["specVersion"] == "1.5"
how = {part["name"]: part["properties"][0]["value"] for part in bill["components"]}
assert how.get("libssl3") == "shared" and how.get("libtomlplusplus-dev") == "compiled in", how
assert all(part["version"] and part["purl"].startswith("pkg:deb/debian/") for part in bill["components"])
refs = {part["bom-ref"] for part in bill["components"]}
assert len(refs) == len(bill["components"]) and set(bill["dependencies"][0]["dependsOn"]) == refs
END

# The library for other builds: by pkg-config from wherever it lies. outside/run.sh has CMake's way.
dpkg-deb -x "${library[0]}" "$scratch/dev"
PKG_CONFIG_PATH=$(dirname "$(find "$scratch/dev" -name thimble_tcb.pc)")
export PKG_CONFIG_PATH
[ "$(pkg-config --modversion thimble_tcb)" = "$(dpkg-deb -f "${library[0]}" Version)" ] || fail "another version"
# shellcheck disable=SC2046  # words
g++ -O0 "$here/outside/main.cpp" -o "$scratch/outside" $(pkg-config --cflags --libs thimble_tcb)
status=0
"$scratch/outside" || status=$?
[ "$status" = 2 ] || fail "linked by pkg-config, it ends with $status without arguments"
echo "thimble, libthimble-tcb-dev: as they should be, and twice the same"
