# shellcheck shell=bash disable=SC2034,SC2154
# gRPC: the server and the client, with reflection and without what farstat does not use (see grpc.cmake).
package=grpc
minutes=7

build() {
  # Reflection is generated code and comes with this switch; the generators themselves are those of the building machine.
  local language no_plugins=()
  for language in CPP CSHARP NODE OBJECTIVE_C PHP PYTHON RUBY; do
    no_plugins+=("-DgRPC_BUILD_GRPC_${language}_PLUGIN=OFF")
  done
  cmake_install "$source" -DCMAKE_PROJECT_grpc_INCLUDE="$here/dependencies/grpc.cmake" \
    -DgRPC_ABSL_PROVIDER=package -DgRPC_CARES_PROVIDER=package -DgRPC_PROTOBUF_PROVIDER=package \
    -DgRPC_PROTOBUF_PACKAGE_TYPE=CONFIG -DgRPC_RE2_PROVIDER=package -DgRPC_SSL_PROVIDER=package \
    -DgRPC_ZLIB_PROVIDER=package -DgRPC_BUILD_TESTS=OFF -DgRPC_BUILD_CSHARP_EXT=OFF \
    -DgRPC_BUILD_CODEGEN=ON "${no_plugins[@]}"
}
