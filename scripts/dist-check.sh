#!/usr/bin/env bash
# Builds HEAD twice, from fresh clones in folders of different names with nothing compiled before, and checks that the
# two releases are equal, byte for byte. What is not committed does not count.
#
#   scripts/dist-check.sh [options of scripts/dist.py]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The signature has the time of the signing in it, so it differs; what is signed must not.
unset GPG_FINGERPRINT CARGO_TARGET_DIR

# A commit that is made meanwhile does not count.
commit=$(git -C "$root" rev-parse HEAD)

for folder in "$scratch/one" "$scratch/another/a-longer-name"; do
  mkdir -p "$(dirname "$folder")"
  git clone --quiet "$root" "$folder"
  git -C "$folder" checkout --quiet --detach "$commit"
  say "Building $(git -C "$folder" rev-parse --short HEAD) in $folder"
  started=$SECONDS
  "$folder/scripts/dist.py" "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
  say "  $((SECONDS - started)) seconds"
  (cd "$folder/dist" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >>"$scratch/sums-$(basename "$folder")"
done

if ! diff "$scratch/sums-one" "$scratch/sums-a-longer-name"; then
  die "the two builds differ"
fi
cat "$scratch/sums-one"
say "Both builds are equal: $(wc -l <"$scratch/sums-one") files."
