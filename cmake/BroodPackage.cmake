# Debian packages, by CPack: libbrood0.1, libbrood-dev and libbrood-doc.  ci/package builds them with Debian's own flags;
# packaging/debian has what goes into them besides.
#   BROOD_HTML             a folder of HTML documentation for libbrood-doc (default: build/docs/html)
#   DEBFULLNAME, DEBEMAIL  in the environment: who makes the packages, as Debian's tools read it

set(package_version "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")  # the SOVERSION
set(names libbrood${package_version} libbrood-dev libbrood-doc)
set(components library development documentation)

set(name "$ENV{DEBFULLNAME}")
set(address "$ENV{DEBEMAIL}")
if(NOT address)  # there is no address yet that could be given here
  set(name "brood maintainers")
  set(address "brood@example.org")
endif()
set(CPACK_PACKAGE_CONTACT "${name} <${address}>")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_HOMEPAGE_URL "${PROJECT_HOMEPAGE_URL}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_OUTPUT_FILE_PREFIX "${PROJECT_SOURCE_DIR}/build/packages")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_PACKAGE_SOURCE brood)
set(CPACK_DEBIAN_PACKAGE_RELEASE 0upstream1)  # older than any that Debian itself will make
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(version "${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")
string(JOIN "\n" about
  ""
  "brood gives C programs what Python's multiprocessing gives Python programs:"
  "processes that run functions, queues, locks and shared memory between them,"
  "pools of workers, and objects that a manager keeps for several machines."
  "What a process that is killed leaves behind does not stop the others."
  ""
  "")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libbrood${package_version})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_MULTIARCH same)  # read by CMake 3.31 and later
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "multiprocessing for C - shared library${about}This package has the shared library.")
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")  # within one SOVERSION what was built with an older one runs
# The trigger is all that is needed.  CPack would add scripts that call ldconfig, too, unless it finds their names here;
# it warns that there are no such files.
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA "${PROJECT_SOURCE_DIR}/packaging/debian/triggers"
  "${PROJECT_SOURCE_DIR}/packaging/debian/symbols" none/postinst none/postrm)

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libbrood-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_MULTIARCH same)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libbrood${package_version} (= ${version}), libapr1-dev, \
libmsgpack-dev | libmsgpack-c-dev, libmbedtls-dev")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS libbrood-doc)
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "multiprocessing for C - development files${about}\
This package has the headers, the static library, and what CMake and\npkg-config need to find them.")

set(CPACK_DEBIAN_DOCUMENTATION_PACKAGE_NAME libbrood-doc)
set(CPACK_DEBIAN_DOCUMENTATION_PACKAGE_SECTION doc)
set(CPACK_DEBIAN_DOCUMENTATION_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DOCUMENTATION_PACKAGE_MULTIARCH foreign)
set(CPACK_DEBIAN_DOCUMENTATION_DESCRIPTION "multiprocessing for C - documentation and examples${about}\
This package has the guide, the other documents and the examples.")

# Stripped as by Debian's dh_strip, which CPACK_STRIP_FILES is not: it leaves a static library alone, and notes.
install(CODE "
  set(folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}\")
  execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-unneeded --remove-section=.comment --remove-section=.note
    \"\${folder}/$<TARGET_FILE_NAME:brood-shared>\" COMMAND_ERROR_IS_FATAL ANY)" COMPONENT library)
install(CODE "
  set(folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}\")
  execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-debug --remove-section=.comment --remove-section=.note
    --enable-deterministic-archives \"\${folder}/$<TARGET_FILE_NAME:brood-static>\" COMMAND_ERROR_IS_FATAL ANY)"
  COMPONENT development)

# Each package's copyright and changelogs.
find_program(BROOD_GZIP gzip REQUIRED)
mark_as_advanced(BROOD_GZIP)
set(folder "${PROJECT_BINARY_DIR}/debian")
configure_file("${PROJECT_SOURCE_DIR}/packaging/debian/changelog.in" "${folder}/changelog.Debian" @ONLY)
configure_file("${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${folder}/changelog" COPYONLY)
execute_process(COMMAND "${BROOD_GZIP}" -9nkf changelog changelog.Debian WORKING_DIRECTORY "${folder}"
  COMMAND_ERROR_IS_FATAL ANY)
foreach(name component IN ZIP_LISTS names components)
  install(FILES "${PROJECT_SOURCE_DIR}/packaging/debian/copyright" "${folder}/changelog.Debian.gz" "${folder}/changelog.gz"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${name}" COMPONENT ${component})
endforeach()

# The documents lie as in the source, so that the links between them hold.
set(documents "${CMAKE_INSTALL_DATADIR}/doc/libbrood-doc")
set(BROOD_HTML "${PROJECT_SOURCE_DIR}/build/docs/html" CACHE PATH "A folder of HTML documentation for libbrood-doc")
install(FILES README.md PORTING.md DESTINATION "${documents}" COMPONENT documentation)
install(DIRECTORY docs DESTINATION "${documents}" COMPONENT documentation FILES_MATCHING PATTERN "*.md" PATTERN "*.svg"
  PATTERN html EXCLUDE)
install(DIRECTORY examples DESTINATION "${documents}" COMPONENT documentation PATTERN CMakeLists.txt EXCLUDE)
install(DIRECTORY "${BROOD_HTML}" DESTINATION "${documents}" COMPONENT documentation OPTIONAL)
if(EXISTS "${BROOD_HTML}")
  install(FILES packaging/debian/doc-base DESTINATION "${CMAKE_INSTALL_DATADIR}/doc-base" RENAME libbrood-doc.brood
    COMPONENT documentation)
endif()
install(DIRECTORY "${folder}/man" DESTINATION "${CMAKE_INSTALL_DATADIR}" COMPONENT documentation OPTIONAL)  # by ci/package

include(CPack)
