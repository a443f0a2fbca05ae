# Libraries, headers, the CMake package and brood.pc, in the components library, development and documentation.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/brood")

install(TARGETS ${forms} EXPORT broodTargets
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT library
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT library NAMELINK_COMPONENT development
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/include/brood.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/brood" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development
  FILES_MATCHING PATTERN "*.h")
install(EXPORT broodTargets NAMESPACE brood:: DESTINATION "${package_dir}" COMPONENT development)

set(brood_default_target ${form})
configure_package_config_file(cmake/broodConfig.cmake.in "${PROJECT_BINARY_DIR}/broodConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/broodConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/broodConfig.cmake" "${PROJECT_BINARY_DIR}/broodConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/BroodDependencies.cmake" DESTINATION "${package_dir}" COMPONENT development)

# brood.pc finds its prefix from its own place, so that an installed tree can be moved.
file(RELATIVE_PATH brood_pc_to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" brood_pc_to_prefix "${brood_pc_to_prefix}")
set(brood_pc_requires "${brood_msgpack_module}")
if(NOT brood_pc_requires)
  set(brood_pc_requires msgpack-c)
endif()
set(brood_pc_libraries "")
foreach(part mbedtls mbedx509 mbedcrypto)  # in the order of a static link
  if(brood_${part}_module)
    list(APPEND brood_pc_requires "${brood_${part}_module}")
  elseif(BROOD_${part}_LIBRARY)  # it has no name for pkg-config
    cmake_path(GET BROOD_${part}_LIBRARY PARENT_PATH folder)
    if(NOT folder IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES AND NOT "-L${folder}" IN_LIST brood_pc_libraries)
      list(APPEND brood_pc_libraries "-L${folder}")
    endif()
    cmake_path(GET BROOD_${part}_LIBRARY STEM library)
    string(REGEX REPLACE "^lib" "" library "${library}")
    list(APPEND brood_pc_libraries "-l${library}")
  else()
    list(APPEND brood_pc_requires ${part})
  endif()
endforeach()
list(JOIN brood_pc_requires ", " brood_pc_requires)
set(brood_pc_definitions "")
if(NOT BUILD_SHARED_LIBS)
  set(brood_pc_definitions "-DBROOD_STATIC ")
endif()
list(APPEND brood_pc_libraries ${CMAKE_THREAD_LIBS_INIT})
foreach(library IN LISTS brood_system_libraries)
  list(APPEND brood_pc_libraries "-l${library}")
endforeach()
list(JOIN brood_pc_libraries " " brood_pc_libraries)
configure_file(cmake/brood.pc.in "${PROJECT_BINARY_DIR}/brood.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/brood.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)

if(BROOD_DOCS)
  add_custom_target(docs ALL COMMAND "${PROJECT_SOURCE_DIR}/docs/build" COMMENT "Making the site and the man pages" VERBATIM)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/build/docs/html" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT documentation)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/build/docs/man/" DESTINATION "${CMAKE_INSTALL_MANDIR}" COMPONENT documentation)
endif()
