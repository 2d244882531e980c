#!/usr/bin/env bash
# Installs what building a release needs beyond building, into the user's cache, outside this tree. Safe to run again;
# quick when nothing is missing. The first time takes some minutes, as the Cargo tools are compiled.
#
#   scripts/setup-release.sh               everything
#   scripts/setup-release.sh --licences    only what `make licences` needs
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A version for each, so that two releases of one commit are the same.
install_cargo_tool() {
  local name=$1 version=$2
  shift 2
  cargo install --list --root "$cache/cargo-tools" | grep -qx "$name v$version:" && return
  say "Installing $name $version into $cache/cargo-tools (once; this takes some minutes)"
  # Compiled in a folder of its own, so that the flags and the target folder of this project do not matter.
  (cd / && cargo install --quiet --locked --force --root "$cache/cargo-tools" \
    --target-dir "$cache/cargo-tools/target" "$name@$version" "$@")
  rm -rf "$cache/cargo-tools/target"
}

install_zig() {
  cmp -s "$root/scripts/requirements-zig.txt" "$cache/zig/installed.txt" && return
  say "Installing into $cache/zig: $(grep -v '^#' "$root/scripts/requirements-zig.txt" | tr '\n' ' ')"
  rm -rf "$cache/zig"
  python3 -m venv "$cache/zig"
  "$cache/zig/bin/python3" -m pip install --quiet --disable-pip-version-check -r "$root/scripts/requirements-zig.txt"
  cp "$root/scripts/requirements-zig.txt" "$cache/zig/installed.txt"
}

mkdir -p "$cache"
install_cargo_tool cargo-about 0.9.3 --features cli
if [ "${1:-}" = --licences ]; then exit 0; fi
install_cargo_tool cargo-cyclonedx 0.5.9
# Without musl's standard library, the Linux binaries are linked with the C library of this machine.
if [ -n "$(find "$(rustc --print sysroot)/lib/rustlib" -maxdepth 1 -name '*-linux-musl')" ]; then install_zig; fi
