#!/usr/bin/env bash
# The service of farstat-agent.exe as Wine's service control manager sees it: installed, configured, started, asked,
# refused with its reasons, stopped, removed. With a Wine folder of its own, so that nothing of other tests is in it.
#
#   service.sh    after ./dev windows build; asks by the Linux farstat in build/bin if that has been built
#
# Wine has no event log that can be read back; it prints what is written there (WINEDEBUG=+eventlog), and that is looked at.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
log=$top/build/logs/windows-service.log
port=19861
mkdir -p "$top/build/logs"
: >"$log"

umask 077
export WINEPREFIX=$top/build/windows/wine-service WINEDEBUG=-all,+eventlog,err+eventlog
export WINEDLLOVERRIDES='winemenubuilder.exe,mscoree,mshtml='
unset DISPLAY WAYLAND_DISPLAY
agent=$top/build/windows/bin/farstat-agent.exe
# %ProgramData%\farstat
data=$WINEPREFIX/drive_c/ProgramData/farstat

stop_wine() { wineserver -k 2>/dev/null || true; }
trap stop_wine EXIT

step=''
fail() {
  tail -n 40 "$log"
  printf 'FAILED service: %s: %s (whole log: %s)\n' "$step" "$*" "$log"
  exit 1
}

# Runs an .exe; its output is in $said, its exit code in $code.
run() {
  code=0
  # A pipe would be held open by what Wine starts behind it.
  timeout 120 wine "$@" >"$log.said" 2>&1 </dev/null 8>&- || code=$?
  said=$(tr -d '\r' <"$log.said")
  printf -- '--- %s (%d)\n%s\n' "$*" "$code" "$said" >>"$log"
}
agent_says() { run "$agent" "$@"; }
expect() { [ "$code" = "$1" ] || fail "exit code $code, not $1"; }
says() { grep -q -- "$1" <<<"$said" || fail "it does not say: $1"; }
# The state as `sc query` has it.
state() { run sc query farstat-agent; }
file_says() { grep -q -- "$2" "$1" 2>/dev/null || fail "$1 does not say: $2"; }
await() {
  local try
  for try in $(seq 100); do
    ! "$@" || return 0
    sleep 0.2
  done
  fail "waited $try times for: $*"
}
is_state() {
  state
  grep -q "STATE .*$1" <<<"$said"
}

step=wine
rm -rf "$WINEPREFIX"
mkdir -p "$WINEPREFIX"
timeout 180 wineboot --init >"$log.wine" 2>&1 </dev/null || fail "Wine does not start"
# Its first session has to be over: two service control managers would know different services.
timeout 60 wineserver -w
# Wine ends its services when the last program ends: this one waits for input until the test ends.
mkfifo "$WINEPREFIX/keeper"
wine cmd <"$WINEPREFIX/keeper" >>"$log.wine" 2>&1 8>&- &
exec 8>"$WINEPREFIX/keeper"
await grep -q '>$' "$log.wine"

step='without the service control manager'
agent_says service
expect 1

step=install
agent_says install
expect 0
says 'service farstat-agent created'
says 'event source farstat-agent registered'
for folder in state logs; do [ -d "$data/$folder" ] || fail "there is no folder $folder"; done
agent_says install
expect 0
says 'brought up to date'
run reg query 'HKLM\SYSTEM\CurrentControlSet\Services\farstat-agent'
says 'ImagePath.*"Z:.*farstat-agent.exe" service'
says 'Start.*REG_DWORD.*0x2'
run reg query 'HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\farstat-agent'
says 'EventMessageFile.*REG_EXPAND_SZ.*farstat-agent.exe'
says 'TypesSupported.*0x7'
# The texts of the events: a message table (type 11) among the resources.
resources=$(x86_64-w64-mingw32-objdump -p "$agent")
grep -q 'Entry: ID: 0x00000b' <<<"$resources" || fail "farstat-agent.exe has no message table"

step='refused settings'
printf 'log_level: "loud"\nmax_streams: -1\n' >"$data/agent.textproto"
run net start farstat-agent
await is_state STOPPED
says '1066'
says 'SERVICE_EXIT_CODE.*2'
file_says "$data/logs/farstat-agent.log" 'log_level: "loud"'
file_says "$data/logs/farstat-agent.log" 'max_streams'
file_says "$log.wine" 'does not start'
agent_says configure --check
expect 1

step=configure
rm "$data/agent.textproto"
agent_says configure --listen 127.0.0.1:$port --log-level debug
expect 0
says "+ listen: \"127.0.0.1:$port\""
agent_says configure --check
expect 0

step=start
run net start farstat-agent
await is_state RUNNING
file_says "$data/logs/farstat-agent.log" "serving on 127.0.0.1:$port"
file_says "$log.wine" "serving on 127.0.0.1:$port"

step=ask
if [ -x "$top/build/bin/farstat" ]; then
  # Of the families, one whose answer does not depend on how many sockets this host has.
  answer=$("$top/build/bin/farstat" get ras -t 127.0.0.1:$port 2>&1) || fail "farstat get ras: $answer"
  grep -q '0 connections' <<<"$answer" || fail "farstat get ras: $answer"
fi

step='second instance'
agent_says run --state-directory "$(winepath -w "$data/state")"
expect 1

step=doctor
agent_says doctor
[ "$code" -le 1 ] || fail "exit code $code"
says 'OK    service farstat-agent *runs'
says "OK    address 127.0.0.1:$port *taken, and the agent runs"
agent_says doctor --json
says '"subject": "service farstat-agent"'

step=stop
run net stop farstat-agent
await is_state STOPPED
says 'WIN32_EXIT_CODE.* 0'
file_says "$data/logs/farstat-agent.log" 'stopped'

step='uninstall while it runs'
run net start farstat-agent
await is_state RUNNING
agent_says uninstall
expect 0
says 'service stopped'
says 'service removed'
for folder in state logs; do [ ! -e "$data/$folder" ] || fail "the folder $folder is left"; done
[ -e "$data/agent.textproto" ] || fail "settings are gone"
agent_says uninstall
expect 0

echo "ok service: installed, refused, started, asked, stopped and removed under Wine in $SECONDS s"
