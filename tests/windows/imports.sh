#!/usr/bin/env bash
# Which functions of which DLLs the .exe files import, held to the list in imports.txt. A Windows that lacks one of them
# refuses to start the program (0xC0000139), where Wine starts it: a new one has to be looked at by somebody.
#
#   imports.sh FILE.exe…            compares; says what is new, by file
#   imports.sh --write FILE.exe…    rewrites imports.txt
#
# What farstat asks about (rasapi32, fwpuclnt, and of iphlpapi all but what gRPC needs) must not be in the list: that is
# looked up at run time, see agent/sources/windows/api_windows.cc.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
list=$here/imports.txt

# Lines of "dll function" of one file, sorted.
imports_of() {
  x86_64-w64-mingw32-objdump -p "$1" | awk '
    /DLL Name:/ { dll = tolower($3); members = 0 }
    /vma:.*Member-Name/ { members = 1; next }
    NF == 0 { members = 0 }
    members { print dll, $3 }' | LC_ALL=C sort -u
}

if [ "${1:-}" = --write ]; then
  shift
  for file in "$@"; do imports_of "$file"; done | LC_ALL=C sort -u >"$list"
  exit
fi

failed=0
for file in "$@"; do
  imports=$(imports_of "$file")
  [ -n "$imports" ] || { echo "$file: no imports could be read"; failed=1; continue; }
  new=$(LC_ALL=C comm -23 <(printf '%s\n' "$imports") "$list")
  [ -z "$new" ] || {
    printf '%s: imports that are not in tests/windows/imports.txt:\n%s\n' "$file" "$new"
    failed=1
  }
done
stale=$(for file in "$@"; do imports_of "$file"; done | LC_ALL=C sort -u | LC_ALL=C comm -13 - "$list")
[ -z "$stale" ] || { printf 'tests/windows/imports.txt: nobody imports these any more; take them out:\n%s\n' "$stale"; failed=1; }
exit $failed
