#!/usr/bin/env bash
# Makes the MSI: wixl makes it from farstat.wxs, msibuild finishes it by finish.sql. The same files give the same bytes.
#
#   build.sh VERSION FOLDER FILE.msi     FOLDER has farstat-agent.exe and farstat.exe
#
# The date in it is SOURCE_DATE_EPOCH, or else that of the last commit.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../../.." && pwd)
[ $# = 3 ] || { sed -n '2,/^set/{/^#/p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
version=$1 binaries=$2 msi=$3
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "$version: a version of an MSI is three numbers, such as 1.2.3" >&2; exit 2; }

export TZ=UTC LC_ALL=C
date=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || true)}
date=${date:-$(date +%s)}

staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT
cp "$binaries/farstat-agent.exe" "$binaries/farstat.exe" "$staged"
# Notepad of older Windows needs the line ends of Windows.
sed 's/$/\r/' "$top/LICENSE" >"$staged/LICENSE.txt"
sed 's/$/\r/' "$top/deploy/config/agent.textproto" >"$staged/agent.example.textproto"
chmod 644 "$staged"/*
touch -d "@$date" "$staged"/*

# A GUID that depends on what is given and nothing else.
guid() { python3 -c 'import sys, uuid; print("{%s}" % str(uuid.uuid5(uuid.NAMESPACE_URL, sys.argv[1])).upper())' "$1"; }
# A version is a product. Each file is a package of its own: Windows keeps a copy of packages by this code.
product=$(guid "farstat $version x64")
package=$(guid "farstat $version $(cd "$staged" && sha256sum ./* "$here/farstat.wxs" "$here/finish.sql" "$here/build.sh" | cut -d ' ' -f 1 | sha256sum)")

made=$staged/made.msi
cp "$here/farstat.wxs" "$staged/farstat.wxs"
(cd "$staged" && wixl -a x64 -D "VERSION=$version" -D "PRODUCT_CODE=$product" -o "$made" farstat.wxs)

statements=()
while IFS= read -r statement; do
  statements+=(-q "${statement%;}")
done < <(sed -e '/^--/d' -e '/^$/d' -e "s/@VERSION@/$version/" "$here/finish.sql")
msibuild "$made" "${statements[@]}"

stamp=$(date -d "@$date" '+%Y/%m/%d %H:%M:%S')
msiinfo export "$made" _SummaryInformation |
  sed -E -e "s|^(12\|13)\t.*|\1\t$stamp\r|" -e "s|^9\t.*|9\t$package\r|" >"$staged/summary.idt"
msibuild "$made" -i "$staged/summary.idt"

mkdir -p "$(dirname "$msi")"
mv -f "$made" "$msi"
