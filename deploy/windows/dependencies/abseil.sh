# shellcheck shell=bash disable=SC2034,SC2154
# Abseil: statuses, strings, time and containers of ours and of gRPC.
package=abseil
minutes=1

build() {
  cmake_install "$source" -DABSL_PROPAGATE_CXX_STD=ON -DBUILD_TESTING=OFF
}
