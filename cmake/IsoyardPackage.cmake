# The unit and its settings, and the Debian package that CPack makes: packaging/README.md.

configure_file("${CMAKE_CURRENT_SOURCE_DIR}/packaging/isoyardd.service.in"
    "${CMAKE_BINARY_DIR}/generated/isoyardd.service" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/generated/isoyardd.service" DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/system")
install(FILES packaging/isoyardd.default DESTINATION "${CMAKE_INSTALL_FULL_SYSCONFDIR}/default" RENAME isoyardd)

include(IsoyardVersion)
isoyard_find_version("${CMAKE_CURRENT_SOURCE_DIR}" "${PROJECT_VERSION}" version)

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON) # /etc is not below the prefix
set(CPACK_INSTALL_PREFIX "${CMAKE_INSTALL_PREFIX}")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME isoyard)
set(CPACK_PACKAGE_VERSION "${version}")
set(CPACK_PACKAGE_CONTACT "The Isoyard maintainers <isoyard@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "server that runs many tenants' JavaScript workers on V8")
set(CPACK_PACKAGE_DESCRIPTION "isoyardd keeps JavaScript workers in an SQLite file and runs them, in warm isolates of V8,
for whoever calls it over gRPC. isoyard is its client.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON) # libnode, for V8, among them
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates")

# The startup snapshot is that of one V8: the server does not start on another one, be it a patch later.
file(REAL_PATH "${V8_LIBRARY}" v8_file)
execute_process(COMMAND dpkg-query -S "${v8_file}" OUTPUT_VARIABLE v8_package ERROR_QUIET)
if(v8_package MATCHES "^(libnode[0-9]+)[:,]")
    execute_process(COMMAND dpkg-query -W -f "\${Package} (= \${Version})" "${CMAKE_MATCH_1}"
        OUTPUT_VARIABLE v8_package)
    string(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ", ${v8_package}")
endif()

set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(file conffiles postinst postrm prerm)
    list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${CMAKE_CURRENT_SOURCE_DIR}/packaging/debian/${file}")
endforeach()
include(CPack)
