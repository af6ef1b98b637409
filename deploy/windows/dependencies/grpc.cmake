# Included by CMake at the top of gRPC's own build: makes less work of it, and leaves its sources as they are.
set(FARSTAT_UNWANTED
    # The copies without TLS.
    grpc_unsecure grpc++_unsecure
    # Google's own transport security, channelz and error details as services, and authorization policies.
    grpc++_alts grpcpp_channelz grpc++_error_details grpc_authorization_provider grpc_plugin_support)
include(${CMAKE_CURRENT_LIST_DIR}/unwanted.cmake)

# gRPC asks this target where Protobuf's own .proto files are. The library behind it, of which code generators are made, is
# not needed: those of the building machine are used.
add_library(protobuf::libprotoc INTERFACE IMPORTED GLOBAL)
set_target_properties(protobuf::libprotoc PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${CMAKE_INSTALL_PREFIX}/include)

# Half of the time of a file of gRPC goes into headers that all of them include: these are compiled once. The first sets how
# Windows' headers are included, and comes first everywhere in gRPC.
set(farstat_precompiled
    grpc/support/port_platform.h algorithm atomic functional map memory mutex set string unordered_map utility vector
    absl/container/inlined_vector.h absl/memory/memory.h absl/status/status.h absl/status/statusor.h
    absl/strings/str_cat.h absl/strings/str_format.h absl/strings/str_join.h absl/strings/string_view.h
    absl/time/time.h absl/types/optional.h absl/types/span.h absl/types/variant.h)
function(farstat_precompile)
  list(TRANSFORM farstat_precompiled REPLACE "(.+)" "$<$<COMPILE_LANGUAGE:CXX>:<\\1$<ANGLE-R>>")
  foreach(target IN ITEMS grpc grpc++)
    target_precompile_headers(${target} PRIVATE ${farstat_precompiled})
  endforeach()
endfunction()
cmake_language(DEFER CALL farstat_precompile)
