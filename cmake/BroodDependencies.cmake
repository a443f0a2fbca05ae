# What brood stands on, as targets: brood::apr, brood::msgpack, brood::mbedtls, brood::mbedx509, brood::mbedcrypto and Threads::Threads.
# Used by brood's own build and, installed, by broodConfig.cmake in the projects that use it.
# pkg-config comes first, the packages' own CMake files second (vcpkg), files in their usual places last.
include_guard(DIRECTORY)

find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)

# brood_dependency(NAME pkg-config-names...): brood::NAME by pkg-config; brood_NAME_module is the name that was found.
function(brood_dependency name)
  if(TARGET brood::${name} OR NOT PKG_CONFIG_FOUND)
    return()
  endif()
  pkg_search_module(BROOD_${name} QUIET IMPORTED_TARGET ${ARGN})
  if(BROOD_${name}_FOUND)
    add_library(brood::${name} INTERFACE IMPORTED)
    set_target_properties(brood::${name} PROPERTIES INTERFACE_LINK_LIBRARIES PkgConfig::BROOD_${name})
    set(brood_${name}_module "${BROOD_${name}_MODULE_NAME}" CACHE INTERNAL "pkg-config's name of ${name}")
  endif()
endfunction()

# brood_first_target(NAME targets...): brood::NAME is the first of the targets that exists.
function(brood_first_target name)
  foreach(target IN LISTS ARGN)
    if(NOT TARGET brood::${name} AND TARGET ${target})
      add_library(brood::${name} INTERFACE IMPORTED)
      set_target_properties(brood::${name} PROPERTIES INTERFACE_LINK_LIBRARIES ${target})
    endif()
  endforeach()
endfunction()

brood_dependency(apr apr-1>=1.7)
if(NOT TARGET brood::apr)
  find_package(apr CONFIG QUIET)
  brood_first_target(apr apr::libapr-1 apr::apr-1 apr::apr)
endif()

brood_dependency(msgpack msgpack-c msgpack)  # msgpack is what older systems call the C library
if(NOT TARGET brood::msgpack)
  find_package(msgpack-c CONFIG QUIET)
  brood_first_target(msgpack msgpack-c msgpack-c-static msgpackc)
endif()

# Mbed TLS's part below TLS, which has the PSA API: tfpsacrypto since 4.0.  Debian's 2.28 says nothing of itself.
brood_dependency(mbedcrypto tfpsacrypto mbedcrypto)
if(NOT TARGET brood::mbedcrypto)
  find_package(TF-PSA-Crypto CONFIG QUIET)
  find_package(MbedTLS CONFIG QUIET)
  brood_first_target(mbedcrypto TF-PSA-Crypto::tfpsacrypto MbedTLS::mbedcrypto)
endif()
if(NOT TARGET brood::mbedcrypto)
  find_path(BROOD_mbedcrypto_INCLUDE_DIR psa/crypto.h)
  find_library(BROOD_mbedcrypto_LIBRARY NAMES tfpsacrypto mbedcrypto)
  mark_as_advanced(BROOD_mbedcrypto_INCLUDE_DIR BROOD_mbedcrypto_LIBRARY)
  if(BROOD_mbedcrypto_INCLUDE_DIR AND BROOD_mbedcrypto_LIBRARY)
    add_library(brood::mbedcrypto INTERFACE IMPORTED)
    set_target_properties(brood::mbedcrypto PROPERTIES
      INTERFACE_INCLUDE_DIRECTORIES "${BROOD_mbedcrypto_INCLUDE_DIR}"
      INTERFACE_LINK_LIBRARIES "${BROOD_mbedcrypto_LIBRARY}")
  endif()
endif()

# And its two above that: for TLS, and for certificates, of which there are none here, but the first needs the second.
foreach(part mbedx509 mbedtls)
  brood_dependency(${part} ${part})
  brood_first_target(${part} MbedTLS::${part})
  if(NOT TARGET brood::${part})
    find_path(BROOD_${part}_INCLUDE_DIR mbedtls/ssl.h)
    find_library(BROOD_${part}_LIBRARY NAMES ${part})
    mark_as_advanced(BROOD_${part}_INCLUDE_DIR BROOD_${part}_LIBRARY)
    if(BROOD_${part}_INCLUDE_DIR AND BROOD_${part}_LIBRARY)
      add_library(brood::${part} INTERFACE IMPORTED)
      set_target_properties(brood::${part} PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${BROOD_${part}_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES "${BROOD_${part}_LIBRARY}")
    endif()
  endif()
endforeach()

set(brood_missing "")
if(NOT TARGET brood::apr)
  list(APPEND brood_missing "APR 1.7 (apr-1)")
endif()
if(NOT TARGET brood::msgpack)
  list(APPEND brood_missing "msgpack-c, the C library")
endif()
if(NOT TARGET brood::mbedcrypto)
  list(APPEND brood_missing "Mbed TLS 2.28 or later (mbedcrypto or tfpsacrypto)")
elseif(NOT TARGET brood::mbedtls OR NOT TARGET brood::mbedx509)
  list(APPEND brood_missing "Mbed TLS's libraries for TLS (mbedtls and mbedx509)")
endif()
