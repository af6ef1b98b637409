# shellcheck shell=bash disable=SC2034,SC2154
# RE2: regular expressions of gRPC.
package=re2
minutes=0.5

build() {
  # Debian leaves out the tables that are generated from the Unicode data. An interrupted make leaves empty ones behind.
  rm -f "$source"/re2/{unicode_casefold,unicode_groups,perl_groups}.cc
  make -C "$source" re2/unicode_casefold.cc re2/unicode_groups.cc re2/perl_groups.cc REBUILD_TABLES=1
  cmake_install "$source" -DRE2_BUILD_TESTING=OFF
}
