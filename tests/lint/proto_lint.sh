#!/usr/bin/env bash
# Lints proto/ with buf's STANDARD rules (proto/buf.yaml).
#
# buf comes from npm, in exactly the version below, into a cache of its own: nothing is installed on
# the system. Where npm or its registry cannot be reached the check is skipped with a clear word and
# succeeds, so that the rest of the lint still runs there. A finding exits 1.
set -euo pipefail

version=1.75.0
proto=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../proto" && pwd)
cache=${FARSTAT_CACHE:-$HOME/.cache/farstat}/buf
home=$cache/$version
buf=$home/node_modules/.bin/buf

install_buf() {
  if ! command -v npm >/dev/null; then
    echo "proto_lint: skipped: npm is not installed, and buf $version is not in $cache"
    exit 0
  fi
  mkdir -p "$cache"
  staging=$(mktemp -d "$cache/.install.XXXXXX")
  trap 'rm -rf "$staging"' EXIT
  if ! npm install --prefix "$staging" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
      --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=2000 --fetch-timeout=60000 \
      "@bufbuild/buf@$version" >"$staging/npm.log" 2>&1; then
    if grep -qE 'ETARGET|EINTEGRITY' "$staging/npm.log"; then
      cat "$staging/npm.log" >&2
      echo "proto_lint: npm cannot deliver buf $version: correct the version in $0" >&2
      exit 1
    fi
    echo "proto_lint: skipped: npm could not fetch buf $version: $(grep -m1 -oE '\b(E[A-Z0-9_]+|[A-Z_]*TIMEOUT)\b' "$staging/npm.log" || echo 'unknown cause')"
    exit 0
  fi
  # Another run may have been faster; then its installation is as good.
  mv -T "$staging" "$home" 2>/dev/null || true
}

[[ -x $buf ]] || install_buf
if ! "$buf" --version >/dev/null 2>&1; then
  echo "proto_lint: skipped: buf $version does not run on this machine ($buf)"
  exit 0
fi
# buf exits 100 for findings.
if ! (cd "$proto" && "$buf" lint); then
  echo "proto_lint: correct the findings above (rules: proto/buf.yaml)" >&2
  exit 1
fi
echo "proto_lint: proto/ keeps buf's STANDARD rules (buf $version)"
