#!/usr/bin/env bash
# Builds the libraries that farstat's Windows binaries are linked with, from Debian's source packages, as static
# 64-bit libraries by MinGW-w64: gRPC, Protobuf and what they stand on, at the versions that the Linux build uses.
#
#   dependencies.sh            builds what is not there yet; what was interrupted goes on where it stopped
#   dependencies.sh --prefix   prints the folder with lib/ and include/, and builds nothing
#
# `./dev windows build` calls it. There is one recipe per library in dependencies/. The cache is outside the tree,
# because it takes a quarter of an hour to fill and depends on nothing that changes often:
# ${XDG_CACHE_HOME:-~/.cache}/farstat/windows-<hash of recipes, compiler options and versions>. Old ones can be deleted.
# How libraries are built is in dependencies/ and in the tool chain file, never here: the hash does not see this file.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
toolchain=$top/cmake/windows-toolchain.cmake
# shellcheck source=deploy/windows/dependencies/cmake_install.sh
. "$here/dependencies/cmake_install.sh"
jobs=${FARSTAT_JOBS:-$(nproc)}
export NINJA_STATUS='[%f/%t] '

# In the order of need. Minutes are those of 2 cores with nothing else to do.
recipes=(openssl abseil re2 c-ares protobuf grpc fmt spdlog cli11 googletest)
# A newer one of these installed here, by a security update say, means a new cache.
versions_of=(
  g++-mingw-w64-x86-64-posix mingw-w64-x86-64-dev libz-mingw-w64-dev
  libssl-dev libabsl-dev libre2-dev libc-ares-dev libprotobuf-dev libgrpc++-dev libfmt-dev libspdlog-dev libcli11-dev
  libgtest-dev
)
needed_megabytes=3000

fail() {
  printf 'deploy/windows/dependencies.sh: %s\n' "$*" >&2
  exit 1
}

# A hash of everything that the libraries depend on: versions, and how they are built. What is said about it (comments,
# empty lines, minutes) makes no other library.
key() {
  {
    cat "$toolchain" "$here"/dependencies/* | sed -E '/^ *(#|\/\/) /d; /^ *$/d; /^minutes=/d'
    # shellcheck disable=SC2016  # dpkg-query's own variables
    dpkg-query -W -f '${Package} ${Version}\n' "${versions_of[@]}"
  } | sha256sum | cut -c 1-16
}

cache=${XDG_CACHE_HOME:-$HOME/.cache}/farstat/windows-$(key) || fail "install these packages first (./dev windows build does): ${versions_of[*]}"
prefix=$cache/prefix
if [ "${1:-}" = --prefix ]; then
  echo "$prefix"
  exit
fi
[ $# -eq 0 ] || fail "there is no option '$1'. Options: --prefix"

all_done() {
  local recipe
  for recipe in "${recipes[@]}"; do [ -e "$cache/done/$recipe" ] || return 1; done
}

# What the recipes say of those that are not done yet.
minutes_left() {
  local recipe
  for recipe in "${recipes[@]}"; do
    [ -e "$cache/done/$recipe" ] || sed -n 's/^minutes=//p' "$here/dependencies/$recipe.sh"
  done | awk '{ sum += $1 } END { printf "%.0f", sum }'
}

lock() {
  exec 9>"$cache.lock"
  flock -n 9 || {
    echo "Another build of the Windows libraries is under way; waiting for it."
    flock 9
  }
}

check_disk_space() {
  local free
  free=$(df --output=avail --block-size=1M "$cache" | tail -n 1)
  [ "$free" -ge $needed_megabytes ] ||
    fail "$cache is on a disk with $free MB free; $needed_megabytes are needed. Set XDG_CACHE_HOME to a folder elsewhere"
}

# An apt of our own that knows source packages: the repositories of Debian that this machine uses, with its keys, and
# folders below the cache. Nothing of the system changes, and root is not needed.
apt_setup() {
  local apt=$cache/apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg uri release
  export APT_CONFIG=$apt/apt.conf
  [ ! -e "$apt/ready" ] || return 0
  mkdir -p "$apt/lists/partial" "$apt/archives/partial"
  # shellcheck disable=SC2016  # apt's own variables
  APT_CONFIG='' apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    sort -u | while read -r uri release component; do
    case $release/$component in
      bookworm/main | bookworm-updates/main | bookworm-security/main)
        printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\n' "$uri" "$release"
        [ ! -e "$keyring" ] || echo "Signed-By: $keyring"
        echo
        ;;
    esac
  done >"$apt/debian.sources"
  [ -s "$apt/debian.sources" ] || fail "apt lists no repository of Debian 12 (bookworm, main) on this machine"
  cat >"$APT_CONFIG" <<CONFIG
Dir::Etc::SourceList "$apt/debian.sources";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt";
APT::Sandbox::User "";
Acquire::Retries "3";
# Hooks of the machine are about its own apt.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONFIG
  logged apt-update apt-get update
  touch "$apt/ready"
}

# logged NAME COMMAND…: output to a log. While it runs a line tells now and then how far it is; when it fails, the end of
# the log is shown. The command is a process group of its own, so that an interruption ends all of it.
logged() {
  local log=$cache/logs/$1.log name=$1 status=0 last='' now
  shift
  mkdir -p "$cache/logs"
  set -m
  "$@" >"$log" 2>&1 </dev/null 9>&- &
  running=$!
  set +m
  while sleep 1 && kill -0 "$running" 2>/dev/null; do
    [ $((SECONDS % 30)) -eq 0 ] || continue
    now=$(tail -c 4000 "$log" | sed -n -E 's/^\[([0-9]+\/[0-9]+)\].*/\1/p' | tail -n 1)
    [ -z "$now" ] || [ "$now" = "$last" ] || echo "      $name: $now"
    last=$now
  done
  wait "$running" || status=$?
  running=''
  if [ $status -ne 0 ]; then
    tail -n 40 "$log" >&2
    fail "$name failed (whole log: $log). What is done is kept; the next run goes on here"
  fi
}

running=''
interrupted() {
  [ -z "$running" ] || kill -- "-$running" 2>/dev/null || true
  exit 130
}
trap interrupted INT TERM HUP

# Downloads the newest version of a source package that comes whole, and unpacks it with Debian's patches. The newest
# security upload may name files that a mirror does not have yet; apt checks what it has against the signed list.
fetch_source() {
  local package=$1 version
  for version in $(apt-cache showsrc --only-source "$package" | sed -n 's/^Version: //p' | sort -u | dpkg_newest_first); do
    if apt-get source --download-only "$package=$version"; then
      dpkg-source --no-check -x "${package}_${version#*:}.dsc" unpacked.partial
      mv unpacked.partial unpacked
      echo "$version" >version
      return
    fi
  done
  echo "No version of $package could be downloaded whole."
  return 1
}

dpkg_newest_first() {
  local list=() version i
  while read -r version; do
    for ((i = 0; i < ${#list[@]}; i++)); do
      ! dpkg --compare-versions "$version" gt "${list[i]}" || break
    done
    list=("${list[@]:0:i}" "$version" "${list[@]:i}")
  done
  printf '%s\n' "${list[@]}"
}

# One recipe from source package to installed library. A recipe sets `package` and `minutes`, and defines `build`, which
# is called with $source (unpacked), $work (a folder that survives an interruption), $prefix and $jobs.
run_recipe() {
  local recipe=$1 number=$2 package='' minutes='' c_flags='' cxx_flags='' folder=$cache/source/$1 start=$SECONDS
  local source=$folder/unpacked work=$cache/build/$1
  # shellcheck disable=SC1090
  . "$here/dependencies/$recipe.sh"
  mkdir -p "$folder" "$work" "$cache/done"
  if [ ! -e "$source" ]; then
    rm -rf "$folder/unpacked.partial"
    (cd "$folder" && logged "$recipe-source" fetch_source "$package")
  fi
  printf '[%d/%d] %s %s: about %s\n' "$number" ${#recipes[@]} "$recipe" "$(cat "$folder/version")" "$minutes min"
  logged "$recipe" build
  cp "$folder/version" "$cache/done/$recipe"
  # 3 GB of sources and objects are of no more use.
  rm -rf "$folder" "$work"
  printf '      done after %d s\n' $((SECONDS - start))
}

main() {
  local recipe number=0
  mkdir -p "$cache"
  lock
  ! all_done || exit 0
  check_disk_space
  cat <<TEXT
Building the libraries for Windows, once: about $(minutes_left) min on 2 cores. An interrupted build goes on where it stopped.
  into $cache
TEXT
  # Paths below the cache are hashed relative to it: the next cache with the same compilations takes minutes.
  export CCACHE_BASEDIR=$cache CCACHE_NOHASHDIR=1
  # ccache asks for these where headers are precompiled.
  export CCACHE_SLOPPINESS=pch_defines,time_macros
  apt_setup
  for recipe in "${recipes[@]}"; do
    number=$((number + 1))
    [ -e "$cache/done/$recipe" ] || run_recipe "$recipe" $number
  done
  rm -rf "$cache/source" "$cache/build" "$cache/apt"
  echo "The libraries for Windows are complete: $(du -sh "$prefix" | cut -f 1) after $((SECONDS / 60)) min"
}

main
