# The four shapes of target that the folders use. Sources are given as globs relative to the folder and are looked up again
# at every build (CONFIGURE_DEPENDS): a new foo.cc or foo_test.cc is picked up without touching a list, and a test
# cannot be forgotten. *_test.cc, *_fuzz.cc and *_bench.cc never go into a library; *_windows.cc, *_posix.cc and *_linux.cc
# are compiled on their system only.
#
#   farstat_library(<name> SOURCES <glob>... [EXCLUDE <file>...] [DEPS <target>...])
#   farstat_binary(<name> SOURCES <glob>... [DEPS <target>...])        the product: into FARSTAT_BIN_DIR
#   farstat_test(<name> SOURCES <glob>... [DEPS <target>...] [LABEL tsan|e2e])
#   farstat_program(<name> SOURCES <glob>... [DEPS <target>...])       a benchmark or fuzz target
#
# There is one test program per folder, because linking costs more than compiling a test, and one ctest entry per test case:
# `ctest -R` finds it by its gtest name, and a crash or hang is that case's alone.

include(GoogleTest)

# What `./dev build` and `./dev test` build.
add_custom_target(farstat_binaries)
add_custom_target(farstat_tests)

# Sets <variable> in the caller to the files that the globs match, without EXCLUDE.
function(farstat_glob variable)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;EXCLUDE")
  file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${arg_SOURCES})
  list(REMOVE_ITEM files "" ${arg_EXCLUDE})
  if(WIN32)
    list(FILTER files EXCLUDE REGEX "_(posix|linux)(_test)?\\.cc$")
  else()
    list(FILTER files EXCLUDE REGEX "_windows(_test)?\\.cc$")
  endif()
  set(${variable} ${files} PARENT_SCOPE)
endfunction()

function(farstat_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;EXCLUDE;DEPS")
  farstat_glob(files SOURCES ${arg_SOURCES} EXCLUDE ${arg_EXCLUDE})
  list(FILTER files EXCLUDE REGEX "_(test|fuzz|bench)\\.cc$")
  if(NOT files)
    message(STATUS "${name}: no sources yet")
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${arg_DEPS})
    return()
  endif()
  if(FARSTAT_TIDY)
    add_library(${name} OBJECT ${files})
  else()
    add_library(${name} STATIC ${files})
  endif()
  target_link_libraries(${name} PRIVATE farstat_house PUBLIC ${arg_DEPS})
endfunction()

function(farstat_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
  farstat_glob(files SOURCES ${arg_SOURCES})
  if(FARSTAT_TIDY)
    add_library(${name} OBJECT ${files})
  else()
    add_executable(${name} ${files})
  endif()
  target_link_libraries(${name} PRIVATE ${arg_DEPS} farstat_house)
endfunction()

function(farstat_binary name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
  farstat_glob(files SOURCES ${arg_SOURCES})
  if(NOT files)
    message(STATUS "${name}: no sources yet")
    return()
  endif()
  farstat_program(${name} SOURCES ${files} DEPS ${arg_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${FARSTAT_BIN_DIR})
  add_dependencies(farstat_binaries ${name})
  if(WIN32)
    farstat_windows_resources(${name})
  endif()
endfunction()

function(farstat_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL" "SOURCES;DEPS")
  if(arg_LABEL STREQUAL "e2e")
    set(wanted ${FARSTAT_E2E_TESTS})
  elseif(FARSTAT_TSAN_TESTS_ONLY AND NOT arg_LABEL STREQUAL "tsan")
    set(wanted OFF)
  else()
    set(wanted ${FARSTAT_UNIT_TESTS})
  endif()
  farstat_glob(files SOURCES ${arg_SOURCES})
  if(NOT files OR NOT wanted)
    return()
  endif()
  farstat_program(${name} SOURCES ${files} DEPS ${arg_DEPS} GTest::gmock_main GTest::gmock GTest::gtest)
  add_dependencies(farstat_tests ${name})

  set(properties TIMEOUT 120 LABELS unit)
  set(prefix "")
  if(arg_LABEL STREQUAL "e2e")
    # The product runs whole, on this host's kernel: nothing else at the same time.
    set(properties TIMEOUT 300 LABELS e2e RUN_SERIAL TRUE ENVIRONMENT FARSTAT_BIN_DIR=${FARSTAT_BIN_DIR})
    set(prefix "e2e/")
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    add_dependencies(${name} farstat_binaries)
  elseif(FARSTAT_TSAN_TESTS_ONLY)
    set(properties TIMEOUT 300 LABELS tsan)
    set(prefix "tsan/")
    farstat_without_address_randomization(${name})
  endif()
  if(WIN32)
    # ./dev windows test runs them, under Wine; they may as well be copied to a Windows host.
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${FARSTAT_BIN_DIR}/tests)
    farstat_windows_resources(${name})
    return()
  endif()
  # Tests are listed when ctest runs, not while building, so that a program that cannot start is a failed test.
  gtest_discover_tests(${name} TEST_PREFIX "${prefix}" PROPERTIES ${properties}
                       DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60)
endfunction()

# What Windows is told of a program before it starts (version, code page): cmake/windows.rc.in.
function(farstat_windows_resources name)
  set(FARSTAT_PROGRAM ${name})
  string(REPLACE "." "," FARSTAT_VERSION_NUMBERS ${PROJECT_VERSION})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/windows.rc.in ${CMAKE_CURRENT_BINARY_DIR}/${name}.rc @ONLY)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/windows.manifest ${CMAKE_CURRENT_BINARY_DIR}/windows.manifest COPYONLY)
  target_sources(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${name}.rc)
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()

# GCC 12's ThreadSanitizer does not start where the kernel randomizes addresses by more than 28 bits.
function(farstat_without_address_randomization name)
  find_program(FARSTAT_SETARCH setarch)
  if(FARSTAT_SETARCH)
    execute_process(COMMAND ${FARSTAT_SETARCH} -R true RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(NOT failed)
      set_target_properties(${name} PROPERTIES CROSSCOMPILING_EMULATOR "${FARSTAT_SETARCH};-R")
    endif()
  endif()
endfunction()
