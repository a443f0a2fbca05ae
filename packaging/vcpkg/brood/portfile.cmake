# An overlay port: it builds the source that it lies in.
#   vcpkg install brood --overlay-ports=SOURCE/packaging/vcpkg
# In a registry vcpkg_from_github, with the address and the hash of a release, takes the place of the next line.
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../.." ABSOLUTE)

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS -DBROOD_ONE_FORM=ON -DBROOD_TESTS=OFF -DBROOD_EXAMPLES=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/brood)
vcpkg_fixup_pkgconfig()
vcpkg_copy_pdbs()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")

if(VCPKG_LIBRARY_LINKAGE STREQUAL "static")  # for those who find the library by themselves
  vcpkg_replace_string("${CURRENT_PACKAGES_DIR}/include/brood/export.h" "!defined(BROOD_STATIC)" "0")
endif()

file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
