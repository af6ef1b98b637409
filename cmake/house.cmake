# Compiler options of farstat's own code, as the target farstat_house. Generated code does not use it: it is compiled
# without warnings, and its headers are included as system headers.

add_library(farstat_house INTERFACE)
target_include_directories(farstat_house INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(farstat_house INTERFACE FARSTAT_VERSION="${PROJECT_VERSION}")

if(NOT MSVC)
  target_compile_options(farstat_house INTERFACE
    -Werror -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
    -Wold-style-cast -Wformat=2 -Wundef -Wvla -Wextra-semi -Wsuggest-override -Wredundant-decls
    -Wzero-as-null-pointer-constant)
endif()
if(MSVC)
  # Not run by anybody who works on farstat: warnings are shown and do not fail the build.
  target_compile_options(farstat_house INTERFACE /W3 /utf-8 /permissive- /Zc:__cplusplus /bigobj)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Checks the GUARDED_BY and EXCLUSIVE_LOCKS_REQUIRED annotations of common/mutex.h.
  target_compile_options(farstat_house INTERFACE -Wthread-safety)
else()
  target_compile_options(farstat_house INTERFACE
    -Wlogical-op -Wduplicated-cond -Wduplicated-branches
    # GCC 12 reports operator+ of std::string and a literal (GCC bug 105651).
    -Wno-restrict)
endif()

# No build folder in binaries, and __FILE__ relative to the top.
if(NOT MSVC)
  add_compile_options(-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
endif()

if(FARSTAT_SANITIZE)
  target_compile_options(farstat_house INTERFACE
    -fsanitize=${FARSTAT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    # Instrumented code confuses GCC's flow analysis; the release preset keeps this warning.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(farstat_house INTERFACE -fsanitize=${FARSTAT_SANITIZE})
  target_compile_definitions(farstat_house INTERFACE _GLIBCXX_ASSERTIONS)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  # The agent listens on a network and parses what the kernel and peers send. (Windows: see windows-toolchain.cmake.)
  target_compile_options(farstat_house INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
  target_link_options(farstat_house INTERFACE -Wl,-z,relro,-z,now)
endif()
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  target_link_options(farstat_house INTERFACE -Wl,--as-needed)
endif()
if(WIN32)
  # Less of Windows' headers, above all fewer macros with everyday names (min, ERROR).
  target_compile_definitions(farstat_house INTERFACE WIN32_LEAN_AND_MEAN NOMINMAX NOGDI)
endif()

# ccache is used where it is installed: a second clone, or a branch switched back, then builds in seconds.
find_program(FARSTAT_CCACHE ccache)
if(FARSTAT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND NOT FARSTAT_TIDY)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${FARSTAT_CCACHE})
endif()

# The tidy preset "compiles" with clang-tidy alone: clang's own errors and warnings are among what it reports, and parsing
# every file a second time to make an object that nobody links would double the time. Preprocessing first gives ninja the
# headers to watch.
if(FARSTAT_TIDY)
  find_program(FARSTAT_CLANG_TIDY NAMES clang-tidy-14 clang-tidy REQUIRED)
  set(CMAKE_CXX_COMPILE_OBJECT
      "<CMAKE_CXX_COMPILER> <DEFINES> <INCLUDES> <FLAGS> -E -o /dev/null <SOURCE>"
      # What it says on standard error is the number of warnings in system headers, unless it fails.
      "(${FARSTAT_CLANG_TIDY} --quiet <SOURCE> -- <DEFINES> <INCLUDES> <FLAGS> 2><OBJECT>.log || (cat <OBJECT>.log && false))"
      "${CMAKE_COMMAND} -E touch <OBJECT>")
  # A changed .clang-tidy must check every file again: its hash is on every command line.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/.clang-tidy)
  file(SHA256 ${PROJECT_SOURCE_DIR}/.clang-tidy FARSTAT_TIDY_HASH)
  target_compile_definitions(farstat_house INTERFACE FARSTAT_TIDY_CONFIG=0x${FARSTAT_TIDY_HASH})
endif()
