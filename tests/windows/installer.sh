#!/usr/bin/env bash
# The MSI: its tables are those of installer.txt, building it again gives the same bytes, and Wine installs, upgrades and
# removes it. ./dev windows package --test runs it. deploy/windows/README.md says what Wine cannot show.
#
#   installer.sh VERSION FOLDER            FOLDER has farstat-agent.exe and farstat.exe
#   installer.sh --write VERSION FOLDER    rewrites installer.txt
#
# Wine's folder is build/windows/wine-installer; it can be deleted. Logs are in build/logs/installer-*.log.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
golden=$here/installer.txt
logs=$top/build/logs
work=$top/build/windows/installer-test
write=
if [ "${1:-}" = --write ]; then write=1; shift; fi
version=$1 binaries=$(cd "$2" && pwd)
next=${version%.*}.$((${version##*.} + 1))
rm -rf "$work"
mkdir -p "$logs" "$work"

fail() {
  printf 'FAILED %s\n' "$*"
  exit 1
}

build() { "$top/deploy/windows/installer/build.sh" "$1" "$binaries" "$2" || fail "build.sh $1"; }

# Every table, without what differs from build to build: versions, codes made from them, dates, sizes and hashes.
tables() {
  local msi=$1 table
  for table in $(msiinfo tables "$msi" | LC_ALL=C sort); do
    msiinfo export "$msi" "$table" | tr -d '\r' | sed 1,3d | LC_ALL=C sort | case $table in
      _ForceCodepage) cat >/dev/null ;;
      _SummaryInformation) sed -E -e 's/^(9|12|13)\t.*/\1\t(differs)/' ;;
      Property) sed -E -e 's/^ProductCode\t.*/ProductCode\t(differs)/' -e "s/^ProductVersion\t$version\$/ProductVersion\t(version)/" ;;
      Upgrade) sed -E -e "s/\t$version\t/\t(version)\t/" ;;
      File) sed -E -e "s/^(([^\t]*\t){3})[0-9]+\t/\1(size)\t/" -e "s/\t$version\.0\t/\t(version).0\t/" ;;
      MsiFileHash) sed -E -e 's/\t.*/\t(differs)/' ;;
      *) cat ;;
    esac | sed "s/^/$table: /; s/\t/ | /g"
  done
}

build "$version" "$work/farstat.msi"
tables "$work/farstat.msi" >"$work/tables.txt"
if [ -n "$write" ]; then
  cp "$work/tables.txt" "$golden"
  exit
fi
diff -u "$golden" "$work/tables.txt" || fail "the tables are not those of tests/windows/installer.txt; if they should be: installer.sh --write"
echo "ok installer tables: $(wc -l <"$golden") rows"

sleep 1 # The clock that gets into an MSI has seconds.
build "$version" "$work/again.msi"
cmp "$work/farstat.msi" "$work/again.msi" || fail "two builds of the same files differ"
build "$next" "$work/next.msi"
echo "ok installer same bytes: $(sha256sum "$work/farstat.msi" | cut -c 1-16)…, $(wc -c <"$work/farstat.msi") bytes"

umask 077
export WINEPREFIX=$top/build/windows/wine-installer WINEDEBUG=-all WINEDLLOVERRIDES='winemenubuilder.exe,mscoree,mshtml='
unset DISPLAY WAYLAND_DISPLAY
stop_wine() { wineserver -k 2>/dev/null || true; }
trap stop_wine EXIT
mkdir -p "$WINEPREFIX"
timeout 180 wineboot --init >"$logs/installer-wine.log" 2>&1 </dev/null || fail "Wine does not start (whole log: $logs/installer-wine.log)"
wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f >"$logs/installer-wine.log" 2>&1
# The service manager of the first start ends a while later, and the next one knows nothing of what is installed meanwhile.
timeout 60 wineserver -w || stop_wine

programs="$WINEPREFIX/drive_c/Program Files/farstat"
data=$WINEPREFIX/drive_c/ProgramData/farstat
service='HKLM\SYSTEM\CurrentControlSet\Services\farstat-agent'
events='HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\farstat-agent'

# msi NAME ARGUMENT…: one silent call of msiexec; its exit code is the lower byte of what Windows would answer.
msi() {
  log=$logs/installer-$1.log
  shift
  local status=0
  WINEDEBUG=fixme+netsh,err+msi,warn+msi,trace+msi timeout 180 wine msiexec /qn "$@" >"$log" 2>&1 </dev/null || status=$?
  return $status
}
# Wine's netsh does nothing and says what it was asked.
netsh_calls() { sed -n -E 's/.*netsh:wmain stub: (.*)/\1/p' "$log" | tr -d '"\\\r' | sed 's/L//g'; }
has_key() { wine reg query "$1" >"$logs/installer-wine.log" 2>&1; }
value() { wine reg query "$1" /v "$2" 2>"$logs/installer-wine.log" | tr -d '\r' | sed -n -E "s/^ +$2 +REG_[A-Z_]+ +//p"; }
running() { wine sc query farstat-agent 2>"$logs/installer-wine.log" | grep -q RUNNING; }
await_running() {
  local last=$((SECONDS + 30))
  while [ $SECONDS -lt $last ]; do
    if running; then return; fi
    sleep 0.5
  done
  tail -n 20 "$data"/logs/* 2>/dev/null || true
  fail "$1: the service does not run"
}
# The installed service answers the command line of this host, if that has been built.
answers() {
  local cli=$top/build/bin/farstat what=$1
  shift
  [ -x "$cli" ] || return 0
  "$cli" agent info -t "127.0.0.1:$port" "$@" >"$logs/installer-answer.txt" 2>&1 || { cat "$logs/installer-answer.txt"; fail "$what: the service does not answer"; }
}
# Two lists of lines: what is there, and what should be.
is() { [ "$2" = "$3" ] || { diff <(printf '%s\n' "$3") <(printf '%s\n' "$2") || true; fail "$1"; }; }
installed_files() { (cd "$programs" 2>/dev/null && LC_ALL=C find . -type f -printf '%f\n' | LC_ALL=C sort); }

rm -rf "$data"
# Settings that were there before are kept; a port of its own, because others use this machine.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir -p "$data"
printf 'listen: "127.0.0.1:%s"\n# of the administrator\n' "$port" >"$data/agent.textproto"
settings=$(cat "$data/agent.textproto")
files='LICENSE.TXT
agent.example.textproto
farstat-agent.exe
farstat.exe'

msi install /i "Z:$work/farstat.msi" FIREWALL_REMOTE=10.0.0.0/8,192.0.2.7 || fail "install: msiexec answers $? (log: $log)"
is "install: files" "$(installed_files)" "$files"
is "install: settings" "$(cat "$data/agent.textproto")" "$settings"
if [ ! -d "$data/state" ] || [ ! -d "$data/logs" ]; then fail "install: no folders for state and logs"; fi
is "install: service" "$(value "$service" ImagePath | tr -d '"')" 'C:\Program Files\farstat\farstat-agent.exe service'
is "install: started with Windows" "$(value "$service" Start)" 0x2
is "install: event source" "$(value "$events" EventMessageFile) $(value "$events" TypesSupported)" 'C:\Program Files\farstat\farstat-agent.exe 0x7'
netsh_calls | grep -q 'advfirewall firewall add rule name=farstat agent dir=in action=allow protocol=TCP localport=9847 remoteip=10.0.0.0/8,192.0.2.7' ||
  fail "install: no firewall rule was asked for"
await_running install
answers install
echo "ok installer install"

echo kept >"$data/state/kept"
msi upgrade /i "Z:$work/next.msi" || fail "upgrade: msiexec answers $? (log: $log)"
is "upgrade: files" "$(installed_files)" "$files"
is "upgrade: settings" "$(cat "$data/agent.textproto")" "$settings"
is "upgrade: state" "$(cat "$data/state/kept")" kept
is "upgrade: one product, the new one" \
  "$(wine reg query 'HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall' /s 2>/dev/null | tr -d '\r' | grep -A 3 'DisplayName.*farstat' | sed -n 's/.*DisplayVersion *REG_SZ *//p')" "$next"
if netsh_calls | grep -q 'add rule'; then fail "upgrade: a firewall rule was asked for"; fi
await_running upgrade
answers upgrade
echo "ok installer upgrade $version -> $next"

if msi downgrade /i "Z:$work/farstat.msi"; then fail "downgrade: accepted"; fi
await_running "after a refused downgrade"
echo "ok installer downgrade refused"

msi remove /x "Z:$work/next.msi" || fail "remove: msiexec answers $? (log: $log)"
is "remove: files" "$(installed_files)" ""
[ ! -e "$programs" ] || fail "remove: the folder is still there"
is "remove: settings" "$(cat "$data/agent.textproto")" "$settings"
if has_key "$service"; then fail "remove: the service is still there"; fi
if has_key "$events"; then fail "remove: the event source is still there"; fi
netsh_calls | grep -q 'advfirewall firewall delete rule name=farstat agent' || fail "remove: the firewall rule stays"
# Wine knows no wildcards here, so the files stay; what it was asked tells what Windows does.
for folder in logs state; do
  grep -q -F "Deleting misc file: L\"C:\\\\ProgramData\\\\farstat\\\\$folder\\\\*\"" "$log" || fail "remove: $folder are not removed"
done
echo "ok installer remove"

# Windows tells a version that it is removed for a newer one, and Wine does not: the same by hand.
msi install-again /i "Z:$work/farstat.msi" || fail "install again: msiexec answers $? (log: $log)"
msi remove-for-newer /x "Z:$work/farstat.msi" "UPGRADINGPRODUCTCODE={00000000-0000-0000-0000-000000000001}" ||
  fail "remove for a newer version: msiexec answers $? (log: $log)"
if netsh_calls | grep -q .; then fail "remove for a newer version: the firewall rule goes"; fi
if grep -q 'Deleting misc file' "$log"; then fail "remove for a newer version: logs or state go"; fi
echo "ok installer what an upgrade leaves"

rm -rf "$data"
if msi refused /i "Z:$work/farstat.msi" LISTEN=nonsense; then fail "install with wrong settings: accepted"; fi
is "install with wrong settings: files" "$(installed_files)" ""
if has_key "$service"; then fail "install with wrong settings: there is a service"; fi
echo "ok installer wrong settings refused, nothing left"

"$top/deploy/certs/make-test-ca.sh" "$work/certs" >"$logs/installer-certs.log" 2>&1 || fail "no certificates (log: $logs/installer-certs.log)"
certs="Z:${work//\//\\}\\certs"
msi configure /i "Z:$work/farstat.msi" "LISTEN=127.0.0.1:$port" "CA=$certs\\ca.crt" "CERT=$certs\\agent.crt" "KEY=$certs\\agent.key" \
  "OPERATOR=*.ops.example" || fail "install with settings: msiexec answers $? (log: $log)"
for part in "\"127.0.0.1:$port\"" agent.crt '"\*.ops.example"'; do
  grep -q "$part" "$data/agent.textproto" || fail "install with settings: no $part in them"
done
await_running "install with settings"
answers "install with settings" --ca "$work/certs/ca.crt" --cert "$work/certs/client.crt" --key "$work/certs/client.key"
msi remove-configured /x "Z:$work/farstat.msi" || fail "remove: msiexec answers $? (log: $log)"
echo "ok installer settings by properties"

# Only the command line, for the computer of an administrator.
msi client /i "Z:$work/farstat.msi" ADDLOCAL=Client || fail "client alone: msiexec answers $? (log: $log)"
if has_key "$service"; then fail "client alone: there is a service"; fi
is "client alone: files" "$(installed_files)" 'LICENSE.TXT
agent.example.textproto
farstat.exe'
msi remove-client /x "Z:$work/farstat.msi" || fail "remove client: msiexec answers $? (log: $log)"
echo "ok installer client alone"
