# shellcheck shell=bash disable=SC2034,SC2154
# gRPC: the server and the client, with reflection and without what farstat does not use (see grpc-wanted.cmake).
package=grpc
minutes=20

build() {
  cmake_install "$source" -DCMAKE_PROJECT_grpc_INCLUDE="$here/dependencies/grpc-wanted.cmake" \
    -DgRPC_ABSL_PROVIDER=package -DgRPC_CARES_PROVIDER=package -DgRPC_PROTOBUF_PROVIDER=package \
    -DgRPC_PROTOBUF_PACKAGE_TYPE=CONFIG -DgRPC_RE2_PROVIDER=package -DgRPC_SSL_PROVIDER=package \
    -DgRPC_ZLIB_PROVIDER=package -DgRPC_BUILD_CODEGEN=OFF -DgRPC_BUILD_TESTS=OFF -DgRPC_BUILD_CSHARP_EXT=OFF \
    -DgRPC_BUILD_GRPC_CSHARP_PLUGIN=OFF -DgRPC_BUILD_GRPC_CPP_PLUGIN=OFF
}
