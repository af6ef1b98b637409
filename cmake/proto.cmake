# Generated code: farstat_proto_library(<name> ROOT <folder> PROTOS <file>... [DEPS <target>...]).
#
# Makes <name> (messages) and, where a file has a service, <name>_grpc. Each .proto is compiled once, for all users.
# In a build with ASan and UBSan generated code stays without them, as the installed libprotobuf and libgrpc++ are:
# that is three times faster to compile, and heap misuse is still seen. ThreadSanitizer must see all atomics, so there it is
# instrumented. Headers are left in <build>/gen and are included by the path below ROOT: "farstat/v1/tcp.pb.h".

set(FARSTAT_GEN_DIR ${PROJECT_BINARY_DIR}/gen)
file(MAKE_DIRECTORY ${FARSTAT_GEN_DIR})

function(farstat_proto_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOT" "PROTOS;DEPS")
  set(messages "")
  set(services "")
  foreach(proto IN LISTS arg_PROTOS)
    # A service that is added later must be noticed: the file is read while configuring.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${proto})
    file(STRINGS ${proto} service_lines REGEX "^service ")
    file(RELATIVE_PATH relative ${arg_ROOT} ${proto})
    string(REGEX REPLACE "\\.proto$" "" stem ${relative})
    set(outputs ${FARSTAT_GEN_DIR}/${stem}.pb.cc ${FARSTAT_GEN_DIR}/${stem}.pb.h)
    set(options --cpp_out=${FARSTAT_GEN_DIR})
    list(APPEND messages ${outputs})
    if(service_lines)
      set(grpc_outputs ${FARSTAT_GEN_DIR}/${stem}.grpc.pb.cc ${FARSTAT_GEN_DIR}/${stem}.grpc.pb.h)
      # Ninja wants the order in which protoc lists them in the dependency file.
      list(PREPEND outputs ${grpc_outputs})
      list(APPEND services ${grpc_outputs})
      list(APPEND options --grpc_out=${FARSTAT_GEN_DIR} --plugin=protoc-gen-grpc=${FARSTAT_GRPC_CPP_PLUGIN})
    endif()
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND ${FARSTAT_PROTOC} -I ${arg_ROOT} -I ${PROJECT_SOURCE_DIR}/proto ${options}
              --dependency_out=${FARSTAT_GEN_DIR}/${stem}.d ${proto}
      DEPENDS ${proto} ${FARSTAT_PROTOC}
      DEPFILE ${FARSTAT_GEN_DIR}/${stem}.d
      COMMENT "Generating ${stem}.pb"
      VERBATIM)
  endforeach()

  farstat_generated_library(${name} SOURCES ${messages} DEPS protobuf::libprotobuf ${arg_DEPS})
  if(services)
    farstat_generated_library(${name}_grpc SOURCES ${services} DEPS ${name} gRPC::grpc++)
  endif()
endfunction()

function(farstat_generated_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
  add_custom_target(${name}_sources DEPENDS ${arg_SOURCES})
  if(FARSTAT_TIDY)
    # clang-tidy needs the headers alone.
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  else()
    add_library(${name} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    target_compile_options(${name} PRIVATE -w)
    if(FARSTAT_SANITIZE STREQUAL "thread")
      target_compile_options(${name} PRIVATE -fsanitize=thread)
    endif()
  endif()
  add_dependencies(${name} ${name}_sources)
  target_include_directories(${name} SYSTEM ${scope} ${FARSTAT_GEN_DIR})
  target_link_libraries(${name} ${scope} ${arg_DEPS} Threads::Threads)
endfunction()
