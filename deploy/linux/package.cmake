# The Debian packages: `farstat` has the command line, `farstat-agent` the service. ./dev package makes them by CPack.
# Included at the end of the top CMakeLists.txt: targets are known here.
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT CMAKE_BUILD_TYPE STREQUAL "Release" OR FARSTAT_TIDY)
  return()
endif()

set(here ${CMAKE_CURRENT_LIST_DIR})
set(CPACK_PACKAGE_CONTACT "The farstat authors <farstat@farstat.invalid>")

# The date of the last commit, so that the same sources give the same packages.
set(seconds $ENV{SOURCE_DATE_EPOCH})
if(NOT seconds)
  execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} log -1 --format=%ct
                  OUTPUT_VARIABLE seconds OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT seconds)
  string(TIMESTAMP seconds %s UTC)
endif()
execute_process(COMMAND env LC_ALL=C date -u -R -d @${seconds}
                OUTPUT_VARIABLE package_date OUTPUT_STRIP_TRAILING_WHITESPACE)

# What Debian wants in /usr/share/doc/<package>: licence and changes; and a manual page.
function(farstat_package_documents component package page)
  get_filename_component(section ${page} LAST_EXT)
  string(SUBSTRING ${section} 1 1 section)
  set(made ${PROJECT_BINARY_DIR}/package/${package})
  configure_file(${here}/debian/changelog.in ${made}/changelog @ONLY)
  configure_file(${here}/man/${page} ${made}/${page} COPYONLY)
  execute_process(COMMAND gzip -9nf ${made}/changelog ${made}/${page})
  install(FILES ${here}/debian/copyright ${made}/changelog.gz DESTINATION share/doc/${package} COMPONENT ${component})
  install(FILES ${made}/${page}.gz DESTINATION share/man/man${section} COMPONENT ${component})
endfunction()

install(TARGETS farstat RUNTIME DESTINATION bin COMPONENT client)
farstat_package_documents(client farstat farstat.1)

install(TARGETS farstat-agent RUNTIME DESTINATION bin COMPONENT agent)
farstat_package_documents(agent farstat-agent farstat-agent.8)
install(FILES ${here}/farstat-agent.service DESTINATION /lib/systemd/system COMPONENT agent)
install(FILES ${here}/sysusers.conf DESTINATION lib/sysusers.d RENAME farstat-agent.conf COMPONENT agent)
install(FILES ${here}/socket-owners.conf DESTINATION share/doc/farstat-agent/examples COMPONENT agent)
install(FILES ${PROJECT_SOURCE_DIR}/deploy/config/agent.textproto DESTINATION /etc/farstat COMPONENT agent)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_VENDOR farstat)
set(CPACK_COMPONENTS_ALL client agent)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_CLIENT_PACKAGE_NAME farstat)
set(CPACK_DEBIAN_CLIENT_DESCRIPTION "The command line asks farstat agents for the statistics of their hosts:
extended TCP statistics, and of Windows hosts RAS, IPsec and IKE, as
snapshots and as streams of what changes.")

set(CPACK_DEBIAN_AGENT_PACKAGE_NAME farstat-agent)
set(CPACK_DEBIAN_AGENT_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers")
set(CPACK_DEBIAN_AGENT_PACKAGE_RECOMMENDS farstat)
set(CPACK_DEBIAN_AGENT_PACKAGE_CONTROL_EXTRA
    ${here}/debian/postinst ${here}/debian/prerm ${here}/debian/postrm ${here}/debian/conffiles)
set(CPACK_DEBIAN_AGENT_DESCRIPTION "The agent serves what the host knows of its TCP connections to the farstat
command line and to other clients, on this host alone until certificates
are given. It sleeps when nobody asks.")

include(CPack)
