# shellcheck shell=bash disable=SC2034,SC2154
# spdlog: the agent's log.
package=spdlog
minutes=0.5

build() {
  cmake_install "$source" -DSPDLOG_FMT_EXTERNAL=ON -DSPDLOG_BUILD_EXAMPLE=OFF
}
