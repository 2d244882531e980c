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
