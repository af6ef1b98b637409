#!/usr/bin/env bash
# The Debian packages: what they contain is what package.txt says, lintian and systemd have nothing to say against them, and in
# a root folder of its own dpkg installs, upgrades, removes and purges them. ./dev package --test runs it.
#
#   package.sh VERSION FOLDER            FOLDER is where the release preset is configured and built
#   package.sh --write VERSION FOLDER    rewrites package.txt
#
# Everything runs under fakeroot: nothing of this host is touched. No service is started by systemd here.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
golden=$here/package.txt
write=
if [ "${1:-}" = --write ]; then write=1; shift; fi
version=$1 preset=$(cd "$2" && pwd)
next=${version%.*}.$((${version##*.} + 1))
work=$top/build/package-test
unit=$top/deploy/linux/farstat-agent.service
architecture=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date +%s)}
export SOURCE_DATE_EPOCH

fail() {
  printf 'FAILED %s\n' "$*"
  exit 1
}

# cpack VERSION FOLDER: makes both packages there.
packages() {
  (cd "$preset" && cpack -B "$2" -R "$1") >"$work/cpack.log" 2>&1 || { tail -n 20 "$work/cpack.log"; fail "cpack"; }
}

# Who may do what with which file, and what the package says of itself, without sizes, dates and versions.
contents() {
  local package file
  for package in farstat farstat-agent; do
    file=$1/${package}_${version}_$architecture.deb
    dpkg-deb --field "$file" Package Depends Recommends Section Description |
      sed -E -e 's/ \([<>=]+ [^)]*\)//g'
    dpkg-deb --ctrl-tarfile "$file" | tar -tvf - | awk '{ print "control", $1, $2, $6 }'
    dpkg-deb --fsys-tarfile "$file" | tar -tvf - | awk '{ print $1, $2, $6 }'
  done
}

rm -rf "$work"
mkdir -p "$work"
packages "$version" "$work/this"
contents "$work/this" >"$work/contents.txt"
if [ -n "$write" ]; then
  cp "$work/contents.txt" "$golden"
  exit
fi
diff -u "$golden" "$work/contents.txt" || fail "the packages are not as tests/linux/package.txt says; if they should be: package.sh --write"
echo "ok package contents: $(wc -l <"$golden") lines"

packages "$version" "$work/again"
packages "$next" "$work/next"
for file in "$work"/this/*.deb; do
  cmp "$file" "$work/again/$(basename "$file")" || fail "two packages of the same files differ"
done
echo "ok package same bytes"

for file in "$work"/this/*.deb; do
  lintian --fail-on error,warning "$file" 2>"$work/lintian.log" || fail "lintian $(basename "$file")"
done
echo "ok package lintian"

# The unit as it would stand on a host where the package is installed.
mkdir -p "$work/verify/usr/bin" "$work/verify/etc/systemd/system"
cp -r /lib/systemd "$work/verify/lib-systemd" 2>/dev/null || true
mkdir -p "$work/verify/lib" && mv "$work/verify/lib-systemd" "$work/verify/lib/systemd"
cp "$preset/../bin/farstat-agent" "$work/verify/usr/bin/"
cp "$unit" "$work/verify/etc/systemd/system/"
said=$(systemd-analyze verify --man=no --root="$work/verify" farstat-agent.service 2>&1) || fail "systemd-analyze verify: $said"
[ -z "$said" ] || fail "systemd-analyze verify: $said"
exposure=$(systemd-analyze security --offline=true --threshold=20 "$unit") || fail "systemd-analyze security: $exposure"
echo "ok package unit: $(tail -n 1 <<<"$exposure" | sed -E 's/[^ -~]//g; s/ +/ /g; s/^ //')"

root=$work/root
mkdir -p "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info" "$root/etc" "$root/usr/lib"
: >"$root/var/lib/dpkg/status"
# Files, and folders of the packages; other folders are every host's.
everything() { (cd "$root" && find . -mindepth 1 \( ! -type d -o -name 'farstat*' \) | sed '/^.\/var\/lib\/dpkg/d; /^.\/var\/log/d' | LC_ALL=C sort); }
# What the packages depend on is this host's, not the folder's.
install_into() {
  fakeroot dpkg --root="$root" --force-script-chrootless --force-depends --force-confold "$@" >"$work/dpkg.log" 2>&1 ||
    { cat "$work/dpkg.log"; fail "dpkg $*"; }
}
settings=$root/etc/farstat/agent.textproto

everything >"$work/before.txt"
install_into --install "$work/this/farstat_${version}_$architecture.deb" "$work/this/farstat-agent_${version}_$architecture.deb"
grep -q '^farstat:.*:/var/lib/farstat:' "$root/etc/passwd" || fail "install: no account"
[ -L "$root/etc/systemd/system/multi-user.target.wants/farstat-agent.service" ] || fail "install: the service is not enabled"
[ "$("$root/usr/bin/farstat-agent" version)" = "farstat-agent $(sed -n -E 's/^project\(farstat VERSION ([0-9.]+).*/\1/p' "$top/CMakeLists.txt")" ] || fail "install: the agent does not say its version"
"$root/usr/bin/farstat" --help >"$work/help.txt" || fail "install: the command line does not start"

: >"$work/agent.log"
# The installed agent with the installed settings, on a port of its own, under the unit's filter of system calls.
if "$here/confined.py" "$unit" /usr/bin/python3 -c 'import os; os.nice(1)' 2>"$work/confined.log"; then fail "the filter of system calls filters nothing"; fi
"$here/confined.py" "$unit" "$root/usr/bin/farstat-agent" run --config "$settings" --listen 127.0.0.1:0 2>"$work/agent.log" &
agent=$!
trap 'kill $agent 2>/dev/null || true' EXIT
last=$((SECONDS + 20))
until address=$(sed -n -E 's/.*serving on ([0-9.:]+).*/\1/p' "$work/agent.log" | grep .); do
  [ $SECONDS -lt $last ] || { cat "$work/agent.log"; fail "the installed agent does not serve"; }
  sleep 0.2
done
"$root/usr/bin/farstat" get tcp -t "$address" -o jsonl >"$work/get.jsonl" || fail "the installed command line gets nothing from the installed agent"
grep -q '"kind":"row"' "$work/get.jsonl" || fail "the installed agent has no rows"
"$root/usr/bin/farstat" watch tcp -t "$address" --count 2 --interval 200ms >"$work/watch.txt" || fail "the installed agent does not stream"
kill -TERM $agent
wait $agent || fail "the installed agent ends with $?"
trap - EXIT
echo "ok package install"

echo '# of the administrator' >>"$settings"
mkdir -p "$root/var/lib/farstat" && echo kept >"$root/var/lib/farstat/kept"
install_into --install "$work/next/farstat_${next}_$architecture.deb" "$work/next/farstat-agent_${next}_$architecture.deb"
[ "$(tail -n 1 "$settings")" = '# of the administrator' ] || fail "upgrade: the settings are not kept"
[ -e "$root/var/lib/farstat/kept" ] || fail "upgrade: the state is not kept"
grep -A 8 '^Package: farstat-agent' "$root/var/lib/dpkg/status" | grep -q "^Version: $next" || fail "upgrade: the version is not $next"
echo "ok package upgrade $version -> $next"

install_into --remove farstat farstat-agent
if [ ! -e "$settings" ] || [ ! -e "$root/var/lib/farstat/kept" ]; then fail "remove: settings or state are gone"; fi
[ ! -e "$root/usr/bin/farstat-agent" ] || fail "remove: the agent is still there"
install_into --purge farstat farstat-agent
# The account stays (deploy/linux/README.md).
everything | grep -v -x -F -e ./etc/passwd -e ./etc/group -e ./etc/shadow -e ./etc/gshadow -e ./etc/.pwd.lock \
  -e ./etc/passwd- -e ./etc/group- -e ./etc/shadow- -e ./etc/gshadow- >"$work/after.txt" || true
diff "$work/before.txt" "$work/after.txt" || fail "purge: something is left"
echo "ok package purge"
