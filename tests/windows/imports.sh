#!/usr/bin/env bash
# Which functions of which DLLs the product's .exe files import, held to the list in imports.txt. A Windows that lacks one
# of them refuses to start the program (0xC0000139), where Wine starts it: a new one has to be looked at by somebody.
#
#   imports.sh           compares; says what is new, and what nobody imports any more
#   imports.sh --write   rewrites imports.txt
#
# What farstat asks Windows about must never be in it, because it is looked up at run time: nothing of rasapi32 and fwpuclnt,
# and of iphlpapi only what the name resolution of gRPC needs (agent/sources/windows/api_windows.cc).
#
# Pitfall 36.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
list=$here/imports.txt
programs=("$top"/build/windows/bin/farstat{-agent,,-simulator}.exe)

# Lines of "dll function", sorted.
imports() {
  local file lines
  for file in "${programs[@]}"; do
    lines=$(x86_64-w64-mingw32-objdump -p "$file" | awk '
      /DLL Name:/ { dll = tolower($3); members = 0 }
      /vma:.*Member-Name/ { members = 1; next }
      NF == 0 { members = 0 }
      members { print dll, $3 }')
    [ -n "$lines" ] || { echo "$file: no imports could be read" >&2; return 1; }
    echo "$lines"
  done | sort -u
}

found=$(imports)
failed=0
complain() {
  [ -z "$2" ] || { printf '%s\n%s\n' "$1" "$2"; failed=1; }
}

complain "Found at run time by LoadApi, and not to be imported:" "$(grep -E '^(rasapi32|fwpuclnt|iphlpapi)\.dll ' <<<"$found" |
  grep -vxE 'iphlpapi\.dll (FreeMibTable|GetUnicastIpAddressTable)' || true)"
if [ "${1:-}" = --write ]; then
  [ $failed -ne 0 ] || printf '%s\n' "$found" >"$list"
  exit $failed
fi
complain "Imports that are not in tests/windows/imports.txt; if Windows Server 2016 has them, run tests/windows/imports.sh --write:" \
  "$(comm -23 <(printf '%s\n' "$found") "$list")"
complain "tests/windows/imports.txt: nobody imports these any more; run tests/windows/imports.sh --write:" \
  "$(comm -13 <(printf '%s\n' "$found") "$list")"
exit $failed
