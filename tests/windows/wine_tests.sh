#!/usr/bin/env bash
# Runs wine_tests: farstat-agent.exe under Wine, with DLLs that answer from a simulated Windows or with Wine's own, asked by
# the CLI of this host.
#
#   wine_tests.sh [GTEST-OPTIONS]
#
# In a Wine prefix of its own, a copy of build/windows/wine that is gone afterwards.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
template=$top/build/windows/wine

umask 077
export WINEDEBUG=-all WINEDLLOVERRIDES='winemenubuilder.exe,mscoree,mshtml='
unset DISPLAY WAYLAND_DISPLAY
[ -e "$template/system.reg" ] || WINEPREFIX=$template timeout 180 wineboot --init </dev/null
# What is to be copied must be on the disk.
WINEPREFIX=$template wineserver -k 2>/dev/null || true
WINEPREFIX=$template timeout 30 wineserver -w

stage=$(mktemp -d "${TMPDIR:-/tmp}/farstat-wine-XXXXXX")
export WINEPREFIX=$stage/prefix
leave() {
  # The processes of this prefix, no others.
  wineserver -k 2>/dev/null || true
  timeout 30 wineserver -w || true
  rm -rf "$stage"
}
trap leave EXIT
cp -a --reflink=auto "$template" "$WINEPREFIX"
# It stays from one agent to the next: starting Wine's services takes seconds.
wineserver -p

cd "$stage"
FARSTAT_BIN_DIR=${FARSTAT_BIN_DIR:-$top/build/bin} FARSTAT_WINDOWS_BIN_DIR=${FARSTAT_WINDOWS_BIN_DIR:-$top/build/windows/bin} \
  "$top/build/release/tests/windows/wine_tests" "$@"
