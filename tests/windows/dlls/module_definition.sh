#!/usr/bin/env bash
# Writes the .def file of a replaced DLL: which functions it exports, and which DLL has them.
#
#   module_definition.sh REPLACED.txt OUT.def [WINE-DLL OTHER]
#
# Functions of REPLACED.txt are those of farstat-simulated.dll. With WINE-DLL everything else that this one exports is
# forwarded to OTHER.dll, a copy of it under another name.
set -euo pipefail

replaced=$1 out=$2 wine_dll=${3:-} other=${4:-}

# Names of a DLL's exports.
exports_of() {
  x86_64-w64-mingw32-objdump -p "$1" | awk '
    /\[Ordinal\/Name Pointer\] Table/ { names = 1; next }
    NF == 0 { names = 0 }
    names { print $NF }'
}

{
  echo EXPORTS
  sed -E 's/.*/  & = farstat-simulated.&/' "$replaced"
  if [ -n "$wine_dll" ]; then
    forwarded=$(exports_of "$wine_dll" | grep -v -x -F -f "$replaced")
    [ "$(wc -l <<<"$forwarded")" -ge 100 ] || {
      echo "$wine_dll: exports could not be read" >&2
      exit 1
    }
    sed -E "s/.*/  & = $other.&/" <<<"$forwarded"
  fi
} >"$out"
