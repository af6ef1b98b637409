# shellcheck shell=bash disable=SC2034,SC2154
# {fmt}: formatting of spdlog.
package=fmtlib
minutes=0.5

build() {
  cmake_install "$source" -DFMT_TEST=OFF -DFMT_DOC=OFF
}
