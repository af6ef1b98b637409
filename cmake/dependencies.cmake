# The libraries farstat stands on, found in the way Debian 12 packages them. A Windows build finds static builds of the
# same versions below CMAKE_PREFIX_PATH with the same lines: nothing here needs pkg-config.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# Protobuf in module mode comes first: gRPC's package file then uses the same targets.
find_package(Protobuf 3.21 REQUIRED)
find_package(gRPC 1.51 CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)

if(FARSTAT_UNIT_TESTS OR FARSTAT_E2E_TESTS)
  find_package(GTest CONFIG REQUIRED)
endif()

# The generators run on the building machine, also in a cross build. vcpkg has them in folders of their own.
set(vcpkg_tools ${VCPKG_INSTALLED_DIR}/${VCPKG_HOST_TRIPLET}/tools)
find_program(FARSTAT_PROTOC protoc HINTS ${vcpkg_tools}/protobuf REQUIRED)
find_program(FARSTAT_GRPC_CPP_PLUGIN grpc_cpp_plugin HINTS ${vcpkg_tools}/grpc REQUIRED)
