# shellcheck shell=bash disable=SC2034,SC2154
# c-ares: name resolution of gRPC.
package=c-ares
minutes=1.5

build() {
  # Its own inet_pton.c asks for the size of an address under this name.
  c_flags=-DINADDRSZ=4
  cmake_install "$source" -DCARES_STATIC=ON -DCARES_SHARED=OFF -DCARES_BUILD_TOOLS=OFF
}
