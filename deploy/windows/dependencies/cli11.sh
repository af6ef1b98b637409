# shellcheck shell=bash disable=SC2034,SC2154
# CLI11: command lines; headers only.
package=cli11
minutes=0.1

build() {
  cmake_install "$source" -DCLI11_BUILD_TESTS=OFF -DCLI11_BUILD_EXAMPLES=OFF -DCLI11_BUILD_DOCS=OFF
}
