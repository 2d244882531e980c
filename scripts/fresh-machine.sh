#!/usr/bin/env bash
# Runs a command on a bare Debian or Ubuntu, to show that this project needs nothing that a machine has by chance.
#
#   scripts/fresh-machine.sh 'make demo'
#   scripts/fresh-machine.sh --suite trixie 'make demo && make test'
#
# The bare machine is a folder with the smallest Debian that debootstrap makes, ca-certificates and make; the Rust
# toolchain of this machine, read-only; a fresh clone of HEAD; and an empty home. Only what says how to reach package
# registries (proxies, mirrors, certificates) comes from this machine. The unpacked base stays in the user's cache, so
# that the next run starts in seconds. Needs root, on Debian or Ubuntu.
#
# The exit status is the command's. It is 75 when the bare machine could not be made, which says nothing about the project.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cannot_be_made=75
no_machine() { warn "fresh-machine: $*"; exit "$cannot_be_made"; }
usage() { sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; }

# ---------------------------------------------------------------------------------------------------------------------
# The base: a bare Debian as a tar file

# Prints the value of a field of this machine's os-release.
this_machine() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" /etc/os-release; }

# Prints the mirror that this machine installs from, where there is one for the suite's distribution.
mirror_of() {
  case $1 in
    bullseye | bookworm | trixie | forky | sid) [ "$(this_machine ID)" = debian ] || return 0 ;;
    *) [ "$(this_machine ID)" = ubuntu ] || return 0 ;;
  esac
  {
    sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources
    sed -n 's/^deb \(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' /etc/apt/sources.list
  } 2>/dev/null | sed -n 1p
}

make_base() {
  local suite=$1 base=$2 unpacked
  if ! have debootstrap; then
    say "Installing with apt: debootstrap"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; } >/dev/null ||
      no_machine "debootstrap cannot be installed"
  fi
  mkdir -p "$(dirname "$base")"
  unpacked=$(mktemp -d "$(dirname "$base")/unpacked.XXXXXX")
  say "Making a bare $suite (once; this takes a minute)"
  # shellcheck disable=SC2046 # no mirror, no argument
  if ! debootstrap --variant=minbase --include=ca-certificates,make "$suite" "$unpacked" $(mirror_of "$suite") \
    >"$base.log" 2>&1; then
    tail -n 20 "$base.log" >&2
    rm -rf --one-file-system "$unpacked"
    no_machine "debootstrap cannot make a bare $suite"
  fi
  rm -f "$unpacked"/var/cache/apt/archives/*.deb
  # Whole or not at all: an interrupted tar must not be taken for a base.
  tar -C "$unpacked" -cf "$base.part" .
  mv "$base.part" "$base"
  rm -rf --one-file-system "$unpacked"
}

# ---------------------------------------------------------------------------------------------------------------------
# How this machine reaches package registries

# Prints the settings of this machine's environment that say how to reach package registries, as NAME=VALUE.
registry_settings() {
  env | grep -E '^(https?_proxy|no_proxy|all_proxy|HTTPS?_PROXY|NO_PROXY|ALL_PROXY|PIP_(CERT|DEFAULT_TIMEOUT|INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST)|SSL_CERT_FILE|SSL_CERT_DIR|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE|CARGO_(HTTP|NET|REGISTR|SOURCE)[A-Z_]*)=' || true
}

# Copies a file into the bare machine under the same path, where there is one here.
copy_file() {
  if [ -f "$2" ]; then
    mkdir -p "$1$(dirname "$2")"
    cp -L "$2" "$1$2"
  fi
}

# Brings the files that say the same: of apt, pip, cargo, name resolution, and the certificates to trust.
copy_registry_settings() {
  local machine=$1 file setting
  for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do copy_file "$machine" "$file"; done
  while IFS= read -r setting; do copy_file "$machine" "${setting#*=}"; done < <(registry_settings)
  for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    # Those of packages that are not in the bare machine would only be in the way; a proxy or a mirror's terms are not.
    if grep -qsE '^ *Acquire' "$file"; then copy_file "$machine" "$file"; fi
  done
  mkdir -p "$machine/root/.cargo" "$machine/root/.config/pip"
  for file in config.toml config; do
    if [ -f "${CARGO_HOME:-$HOME/.cargo}/$file" ]; then cp "${CARGO_HOME:-$HOME/.cargo}/$file" "$machine/root/.cargo/"; fi
  done
  if [ -f "$HOME/.config/pip/pip.conf" ]; then cp "$HOME/.config/pip/pip.conf" "$machine/root/.config/pip/"; fi
}

# ---------------------------------------------------------------------------------------------------------------------
# The machine: made outside, entered in namespaces of its own

# Runs in a mount and process namespace that ends with it: what is mounted and started here is gone afterwards, however
# the script ends, and was never visible outside.
enter() {
  local machine=$1 settings
  shift
  mount -t proc proc "$machine/proc"
  mount --rbind /dev "$machine/dev"
  mount --bind "${RUSTUP_HOME:-$HOME/.rustup}" "$machine/root/.rustup"
  mount -o remount,bind,ro "$machine/root/.rustup"
  mapfile -t settings < <(registry_settings)
  # The shell is the first process there, and so takes in those whose parents have ended: it must stay until the end.
  exec env -i "${settings[@]}" HOME=/root USER=root LANG=C.UTF-8 TERM=dumb CI="${CI:-}" \
    PATH=/root/.cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    chroot "$machine" /bin/bash -c "cd /project && { $*; }; exit \$?" </dev/null
}

if [ "${1:-}" = --enter ]; then
  shift
  enter "$@"
fi

suite=bookworm
while [ $# -gt 0 ]; do
  case $1 in
    --suite) suite=${2:?the name of a suite}; shift 2 ;;
    --help | -h) usage; exit ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || { usage >&2; exit 2; }

[ "$(id -u)" -eq 0 ] || no_machine "this needs root"
have apt-get || no_machine "this needs Debian or Ubuntu"
have rustup || no_machine "this needs a toolchain of rustup"
# The toolchain is read-only there, so what rust-toolchain.toml names must be here before.
(cd "$root" && cargo --version >/dev/null) || no_machine "there is no toolchain as rust-toolchain.toml names it"
unshare --mount --pid --fork true 2>/dev/null || no_machine "this machine lets nobody mount anything"

base="$cache/fresh-machine/$suite.tar"
[ -s "$base" ] || make_base "$suite" "$base"

machine=$(mktemp -d /var/tmp/fresh-machine.XXXXXX)
inside=
leave() {
  # Its first process ends with it, and with that one all others there, which takes a moment.
  if [ -n "$inside" ]; then
    kill -KILL "$inside" 2>/dev/null || true
    wait "$inside" 2>/dev/null || true
  fi
  rm -rf --one-file-system "$machine" 2>/dev/null || { sleep 1; rm -rf --one-file-system "$machine"; }
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
tar -C "$machine" -xf "$base"
# Users of the bare machine who are not root must get in, too.
chmod 755 "$machine"
git clone --quiet "$root" "$machine/project"
copy_registry_settings "$machine"
mkdir -p "$machine/root/.rustup" "$machine/root/.cargo/bin"
cp -L "$(command -v rustup)" "$machine/root/.cargo/bin/rustup"
for tool in cargo cargo-clippy cargo-fmt clippy-driver rustc rustdoc rustfmt; do
  ln -s rustup "$machine/root/.cargo/bin/$tool"
done

say "On a bare $suite, at $(git -C "$root" rev-parse --short HEAD): $*"
# In the background, because a signal is only heeded while the shell waits.
unshare --mount --pid --fork --kill-child "$0" --enter "$machine" "$@" &
inside=$!
status=0
wait "$inside" || status=$?
inside=
exit "$status"
