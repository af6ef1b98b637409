#!/usr/bin/env bash
# Makes a certificate authority for tests, and from it one certificate for agents and one for clients.
set -euo pipefail

help() {
  cat <<'TEXT'
make-test-ca.sh [OPTIONS] FOLDER [NAME|ADDRESS]…

Makes a test authority in FOLDER, a certificate for agents that are reached by the given DNS names
and IP addresses (default: localhost 127.0.0.1 ::1), and a certificate for clients. EC keys, P-256.
For trying things out and for tests: the authority's key lies beside the certificates, unencrypted.

  --days N       how long the agent's and the client's certificate are valid (default 30). 0 or less:
                 they were valid for 30 days and ended that many days ago
  --expired      the same as --days -1
  --client NAME  common name and DNS name of the client's certificate (default: test-client)
  --force        replace the files of an earlier run
  --help         this text

Examples:
  make-test-ca.sh certs
  make-test-ca.sh certs web1.example.org 192.0.2.7 2001:db8::7
  make-test-ca.sh --expired old-certs
TEXT
}

fail() {
  printf 'make-test-ca.sh: %s\n' "$*" >&2
  exit 1
}

days=30
client=test-client
force=''
arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) help; exit 0 ;;
    --days) days=${2-}; shift ;;
    --expired) days=-1 ;;
    --client) client=${2-}; shift ;;
    --force) force=1 ;;
    --) shift; arguments+=("$@"); break ;;
    -*) fail "there is no option '$1'; see --help" ;;
    *) arguments+=("$1") ;;
  esac
  [ $# -gt 0 ] || fail "the last option needs a value; see --help"
  shift
done
[ ${#arguments[@]} -gt 0 ] || fail "say into which folder; see --help"
folder=${arguments[0]}
names=("${arguments[@]:1}")
[ ${#names[@]} -gt 0 ] || names=(localhost 127.0.0.1 ::1)
[[ $days =~ ^-?[0-9]{1,5}$ ]] || fail "--days '$days' is not a number of days"
command -v openssl >/dev/null || fail "the openssl command is missing (Debian package: openssl)"

octet='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
ipv4="^$octet(\.$octet){3}\$"
dns_name='^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9])?$'
[[ $client =~ $dns_name ]] || fail "--client '$client' is not a DNS name"
sans=()
for name in "${names[@]}"; do
  if [[ $name =~ ^[0-9.]+$ || $name == *:* ]]; then
    [[ $name =~ $ipv4 || $name =~ ^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$ ]] || fail "'$name' is not an IP address"
    sans+=("IP:$name")
  else
    [[ $name =~ $dns_name ]] || fail "'$name' is neither a DNS name nor an IP address"
    sans+=("DNS:$name")
  fi
done
agent_san=$(IFS=,; printf '%s' "${sans[*]}")

files=(ca.crt ca.key agent.crt agent.key client.crt client.key)
mkdir -p "$folder"
if [ -z "$force" ]; then
  for file in "${files[@]}"; do
    [ ! -e "$folder/$file" ] || fail "$folder/$file exists; --force replaces it"
  done
fi

# Everything is made aside and put in place at the end. Keys are never readable by others.
umask 077
work=$(mktemp -d "$folder/.make-test-ca.XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$work/log

run() {
  "$@" >>"$log" 2>&1 || {
    cat "$log" >&2
    fail "failed: $*"
  }
}

# Days around today as openssl wants them; `openssl ca` takes both ends, so that a certificate can be in the past.
day() {
  date -u -d "$1" +%Y%m%d%H%M%SZ
}
end=$(day "$days days")
if [ "$days" -gt 0 ]; then start=$(day '-1 hour'); else start=$(day "$((days - 30)) days"); fi

cat >"$work/openssl.cnf" <<TEXT
[req]
distinguished_name = name
prompt = no
[name]
CN = farstat test authority
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[ca]
default_ca = test
[test]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[agent]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $agent_san
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:$client
TEXT
: >"$work/index"

new_key() {
  run openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key"
}

issue() {
  new_key "$1"
  run openssl req -new -config "$work/openssl.cnf" -subj "/CN=$2" -key "$work/$1.key" -out "$work/$1.csr"
  run openssl ca -batch -notext -config "$work/openssl.cnf" -extensions "$1" -startdate "$start" -enddate "$end" \
    -cert "$work/ca.crt" -keyfile "$work/ca.key" -in "$work/$1.csr" -out "$work/$1.crt"
}

new_key ca
run openssl req -new -x509 -config "$work/openssl.cnf" -extensions authority -days 3650 -key "$work/ca.key" -out "$work/ca.crt"
issue agent "${names[0]}"
issue client "$client"

chmod 644 "$work"/{ca,agent,client}.crt
for file in "${files[@]}"; do mv -f "$work/$file" "$folder/$file"; done

case ${names[0]} in
  *:*) target="[${names[0]}]" ;;
  *) target=${names[0]} ;;
esac
printf -v shown %q "$folder"
cat <<TEXT
Made in $shown, valid from $(date -u -d "${start:0:8}" +%F) to $(date -u -d "${end:0:8}" +%F):
  ca.crt      the authority that agent and client trust (ca.key: its key)
  agent.crt   certificate of the agent at ${names[*]} (agent.key: its key)
  client.crt  certificate of the client $client (client.key: its key)
Use them:
  farstat-agent run --listen 0.0.0.0:9847 --ca $shown/ca.crt --cert $shown/agent.crt --key $shown/agent.key
  farstat get host -t $target --ca $shown/ca.crt --cert $shown/client.crt --key $shown/client.key
TEXT
