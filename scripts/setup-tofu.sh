#!/usr/bin/env bash
# Finds OpenTofu, or builds it with Go into the user's cache, outside this tree: the acceptance tests run with it too.
# The first time takes some minutes. Without Go there is nothing to build with, and those tests are left out.
#
#   scripts/setup-tofu.sh           finds any, else builds the newest that builds
#   scripts/setup-tofu.sh VERSION   builds that one unless it was built, and prints its path alone on standard output
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Newest first: the first that builds with the Go at hand is taken.
versions="v1.12.6 v1.10.10 v1.6.3"

# Built in its own source tree, so that its go.sum and its replacements count.
build_tofu() {
  local version=$1 target="$cache/tofu-$1" source
  source=$(go mod download -json "github.com/opentofu/opentofu@$version" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
  [ -n "$source" ] || return 1
  mkdir -p "$target"
  (cd "$source" && CGO_ENABLED=0 go build -buildvcs=false -trimpath \
    -ldflags "-s -w -X github.com/opentofu/opentofu/version.dev=no" -o "$target/tofu.part" ./cmd/tofu) || return 1
  # Moved into place only when whole: an interrupted build must not be taken for a finished one.
  mv "$target/tofu.part" "$target/tofu"
}

if [ -n "${1:-}" ]; then
  if [ ! -x "$cache/tofu-$1/tofu" ]; then
    have go || { warn "OpenTofu $1: there is no Go to build it with"; exit 1; }
    warn "OpenTofu: building $1 into $cache (once; this takes some minutes)"
    build_tofu "$1" >&2 || { warn "OpenTofu $1 does not build here"; exit 1; }
  fi
  printf '%s\n' "$cache/tofu-$1/tofu"
  exit 0
fi
if tofu=$(find_tofu); then
  say "OpenTofu: $tofu"
  exit 0
fi
if ! have go; then
  say "OpenTofu: not on PATH, and there is no Go to build it with. Tests with OpenTofu are left out."
  exit 0
fi
mkdir -p "$cache"
for version in $versions; do
  say "OpenTofu: building $version into $cache (once; this takes some minutes)"
  log="$cache/tofu-$version.log"
  if build_tofu "$version" 2>"$log"; then
    rm -f "$log"
    say "OpenTofu: $cache/tofu-$version/tofu"
    exit 0
  fi
  say "OpenTofu: $version does not build here: $(tail -n 1 "$log")"
done
say "OpenTofu: none could be built. Tests with OpenTofu are left out."
