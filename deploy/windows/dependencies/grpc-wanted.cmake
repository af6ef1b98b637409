# Included by CMake at the top of gRPC's own build: leaves out the libraries that farstat does not use, a third of the
# work. They are neither built nor installed nor exported, so that gRPC's package file is whole.
set(farstat_unwanted
    # The copies without TLS.
    grpc_unsecure grpc++_unsecure
    # Google's own transport security, channelz and error details as services, and authorization policies.
    grpc++_alts grpcpp_channelz grpc++_error_details grpc_authorization_provider grpc_plugin_support)

function(install kind target)
  if(kind STREQUAL "TARGETS" AND target IN_LIST farstat_unwanted)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    return()
  endif()
  _install(${kind} ${target} ${ARGN})
endfunction()
