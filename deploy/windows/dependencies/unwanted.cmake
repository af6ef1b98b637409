# Included by CMake at the top of a library's own build: the targets in FARSTAT_UNWANTED are neither built nor installed
# nor exported, so that the library's package file is whole.
function(install kind target)
  if(kind STREQUAL "TARGETS" AND target IN_LIST FARSTAT_UNWANTED)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    return()
  endif()
  _install(${kind} ${target} ${ARGN})
endfunction()
