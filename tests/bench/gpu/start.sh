#!/bin/sh
# Measures this machine's GPU, without a network: sh start.sh
set -eu
cd "$(dirname "$0")"
sha256sum --quiet --check digests
if [ ! -e unpacked/whole ]; then
  rm -rf unpacked
  mkdir unpacked
  cat part.* | tar -xf - -C unpacked
  touch unpacked/whole
fi
folder="$PWD"
export BENCH_COMMIT="${BENCH_COMMIT:-$(cat commit)}"
export DENO_DIR="$folder/unpacked/deno-cache" CACHE_DIR="$folder/unpacked/cache"
export DENO_NO_UPDATE_CHECK=1
cd unpacked/source
exec ../deno run -A --cached-only --no-lock --node-modules-dir=manual \
  tests/bench/gpu/main.ts \
  --progress "$folder/finished.json" --json "$folder/report.json" \
  --markdown "$folder/report.md" "$@"
