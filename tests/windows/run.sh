#!/usr/bin/env bash
# Runs the Windows test executables of ./dev windows build under Wine, compares what the .exe files import with the
# checked-in list, and has wine_tests, a program of this host, drive farstat-agent.exe (wine_tests.sh).
#
#   run.sh [NAME… [-- GTEST-OPTIONS]]    only these programs, such as sources_tests or wine_tests
#
# Wine's folder is build/windows/wine; it is made once and can be deleted. Logs are in build/logs/windows-NAME.log.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
logs=$top/build/logs
mkdir -p "$logs"
chosen=${1:-}

names=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  names+=("$1")
  shift
done
[ $# -eq 0 ] || shift
if [ ${#names[@]} -eq 0 ]; then
  for file in "$top"/build/windows/bin/tests/*.exe; do names+=("$(basename "$file" .exe)"); done
  names+=(wine_tests)
fi

# Files are made for their owner alone, as in the profile of a Windows user: keys that others can read are refused.
umask 077
export WINEPREFIX=$top/build/windows/wine WINEDEBUG=-all
# Nothing to browse, to click or to run .NET with; no question whether to download it.
export WINEDLLOVERRIDES='winemenubuilder.exe,mscoree,mshtml='
unset DISPLAY WAYLAND_DISPLAY

# Ends the processes of this prefix, no others.
stop_wine() { wineserver -k 2>/dev/null || true; }
trap stop_wine EXIT

# The first start of a prefix takes up to 20 s; it is not part of any test.
start_wine() {
  mkdir -p "$WINEPREFIX"
  timeout 180 wineboot --init >"$logs/windows-wine.log" 2>&1 </dev/null || {
    tail -n 20 "$logs/windows-wine.log"
    echo "Wine does not start (whole log: $logs/windows-wine.log); delete $WINEPREFIX if it is damaged"
    exit 1
  }
}

failed=()
run_program() {
  local name=$1 start=$SECONDS log=$logs/windows-$1.log command=(wine "$1.exe")
  [ "$name" != wine_tests ] || command=("$here/wine_tests.sh")
  shift
  if (cd "$top/build/windows/bin/tests" && timeout 900 "${command[@]}" --gtest_color=no "$@") >"$log" 2>&1 </dev/null &&
    grep -q '^\[  PASSED  \]' "$log"; then
    printf 'ok %s: %s in %d s\n' "$name" "$(sed -n -E 's/^\[  PASSED  \] ([0-9]+ tests?).*/\1/p' "$log" | tail -n 1)" $((SECONDS - start))
  else
    grep -E -B 30 '^\[  FAILED  \].*ms\)' "$log" | tail -n 60 || tail -n 30 "$log"
    printf 'FAILED %s (whole log: %s)\n' "$name" "$log"
    failed+=("$name")
  fi
}

if imports=$("$here/imports.sh"); then
  echo "ok imports"
else
  printf '%s\nFAILED imports\n' "$imports"
  failed+=(imports)
fi
start_wine
for name in "${names[@]}"; do run_program "$name" "$@"; done
# The service has a Wine of its own.
[ -n "$chosen" ] || "$here/service.sh" || failed+=(service)
[ ${#failed[@]} -eq 0 ] || {
  echo "failed: ${failed[*]}"
  exit 1
}
