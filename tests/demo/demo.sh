#!/usr/bin/env bash
# ./dev demo: the main job on this machine, with real connections. Starts an agent on loopback, makes
# some traffic, shows a snapshot and a few seconds of subscription; then the same with a simulated
# Windows host, and cleans up. --keep leaves agent, traffic and simulator running. Works without a
# terminal too.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
farstat=$root/build/bin/farstat
keep=
for word in "$@"; do
  case $word in
    --keep) keep=1 ;;
    *)
      echo "demo: unknown option $word; there is --keep" >&2
      exit 1
      ;;
  esac
done

folder=$(mktemp -d)
started=()
clean_up() {
  if [ -n "$keep" ]; then return; fi
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
# Shows a command as one would type it, then runs it.
show() {
  local shown="farstat ${*:2}"
  printf '%s$ %s%s\n' "$dim" "$shown" "$plain"
  "$@"
}
# Waits until a file has a line that matches, 10 s at most; prints the line.
await_line() {
  local line
  for _ in $(seq 100); do
    if line=$(grep -m1 -- "$2" "$1" 2>/dev/null); then
      printf '%s\n' "$line"
      return
    fi
    sleep 0.1
  done
  echo "demo: $3 did not start; it said:" >&2
  cat "$1" >&2
  exit 1
}

say "1. An agent on this host, for programs of this host only"
"$root/build/bin/farstat-agent" run --listen 127.0.0.1:0 2>"$folder/agent.log" &
agent_pid=$!
started+=("$agent_pid")
address=$(await_line "$folder/agent.log" 'serving on' 'the agent' | sed 's/.*serving on \([^ ]*\).*/\1/')
echo "farstat-agent serves on $address (process $agent_pid)"

# Its standard input stays open for as long as it is wanted.
mkfifo "$folder/open"
sleep infinity >"$folder/open" &
sleeper=$!
started+=("$sleeper")
"$root/build/release/tests/demo_traffic" <"$folder/open" >"$folder/port" &
traffic_pid=$!
started+=("$traffic_pid")
port=$(await_line "$folder/port" '^[0-9]' 'the traffic')
echo "and so that there is something to see: a bulk transfer, a receiver that does not read, and"
echo "requests with answers, all with the server on port $port"

say "2. A snapshot: who is connected, and how well it goes"
show "$farstat" get tcp -t "$address" --port "$port" --state established

say "3. A subscription: what changes, once a second, as rates"
show "$farstat" watch tcp -t "$address" --port "$port" --state established --rate --interval 1s --count 4

say "4. Why one of them does not move: its receiver has closed the window"
show "$farstat" get tcp -t "$address" --port "$port" --state established --sort rwnd_limited_us \
  --limit 1 --columns remote,cur_app_write_queue_bytes,send_queue_bytes,cur_rwin_received_bytes,rwnd_limited_us,timer

say "5. A Windows host. It is SIMULATED: models of RAS, TCP, IPsec and IKE in place of Windows' calls"
"$root/build/bin/farstat-simulator" --listen 127.0.0.1:0 --local-operators \
  --scenario "$root/tests/demo/windows.textproto" >"$folder/simulator" 2>&1 &
simulator_pid=$!
started+=("$simulator_pid")
windows=$(await_line "$folder/simulator" '^sim-0001' 'the simulator' | awk '{print $2}')
show "$farstat" agent info -t "$windows"

say "6. Its VPNs. One of them flaps; that is seen at once, though the interval is a minute"
show "$farstat" watch ras -t "$windows" --interval 1m --duration 12s

say "7. Which IPsec tunnels do not come up, and why"
show "$farstat" get ike -t "$windows"

say "8. What TCP knows: Windows collects it only where it was switched on, so switch it on for a minute"
show "$farstat" estats enable -t "$windows" --groups all --all --ttl 1m --release disable
sleep 2
show "$farstat" watch tcp -t "$windows" --state established --rate --count 2

say "What was seen"
echo "Every TCP socket of this host, read from the kernel by the agent and sent over gRPC: a full set"
echo "first, then only what changed. Nothing was switched on, and the agent sleeps when nobody watches."
echo "The Windows host was simulated: the agent's own Windows collectors, over a model of Windows."
say "How to go on"
if [ -n "$keep" ]; then
  echo "The agent, the traffic and the simulator on $windows go on; end them with: kill ${started[*]}"
  at=" -t $address"
else
  echo "Start an agent of your own, or let ./dev demo --keep leave this one running:"
  echo "  build/bin/farstat-agent run &"
  at=
fi
cat <<END
  build/bin/farstat get tcp$at -o wide
  build/bin/farstat watch tcp$at --rate
  build/bin/farstat get tcp$at -o jsonl | head -3
  build/bin/farstat agent info$at
  build/bin/farstat-simulator --list-scenarios
  build/bin/farstat-simulator --hosts 20 --scenario busy_vpn_gateway
  build/bin/farstat --help
END
