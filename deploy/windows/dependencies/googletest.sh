# shellcheck shell=bash disable=SC2034,SC2154
# GoogleTest: the tests, run under Wine.
package=googletest
minutes=0.5

build() {
  cmake_install "$source"
}
