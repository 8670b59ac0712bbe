# install(), and the package that find_package(squall) finds: squall::squall and one target a module.
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY SQUALL_MODULES)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/squall)

install(TARGETS ${modules} EXPORT squall-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT squall-targets NAMESPACE squall:: DESTINATION ${package_dir})
foreach(program squall-loadgen squall-simulator)
    if(TARGET ${program})
        install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    endif()
endforeach()

# Wireshark's dissector of recordings; where Wireshark looks for plugins differs, so it is loaded by its path or linked there
# (lib/wireshark/README.md).
install(FILES ${CMAKE_CURRENT_LIST_DIR}/../wireshark/squall.lua DESTINATION ${CMAKE_INSTALL_DATADIR}/squall/wireshark)

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/squall-config.cmake.in ${CMAKE_BINARY_DIR}/squall-config.cmake
                              INSTALL_DESTINATION ${package_dir})
# Before 1.0 every minor version may break the API.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/squall-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/squall-config.cmake ${CMAKE_BINARY_DIR}/squall-config-version.cmake
        DESTINATION ${package_dir})
