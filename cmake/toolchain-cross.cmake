# Cross-build for Linux on another machine with Debian's compiler; ctest runs the programs, under QEMU where it must.
#
# The dependencies come from the prefix that ci/cross/build MACHINE makes, and what is to be known of that machine from
# there, too.  The prefix is taken from the environment once and then remembered in the build tree.
if(DEFINED ENV{BROOD_CROSS_PREFIX})
  set(BROOD_CROSS_PREFIX "$ENV{BROOD_CROSS_PREFIX}" CACHE PATH "Where the dependencies for the other machine are" FORCE)
endif()
include("${BROOD_CROSS_PREFIX}/machine.cmake")
if(NOT machine STREQUAL BROOD_MACHINE)
  message(FATAL_ERROR "${BROOD_CROSS_PREFIX} is for ${machine}, not for ${BROOD_MACHINE}: see ci/cross/build")
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BROOD_CROSS_PREFIX BROOD_MACHINE)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${processor})
set(CMAKE_C_COMPILER ${compiler})
set(CMAKE_LIBRARY_ARCHITECTURE ${libraries})

set(CMAKE_FIND_ROOT_PATH "${BROOD_CROSS_PREFIX}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# What the libraries themselves need is looked for where it will be looked for when they run.
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-Wl,-rpath-link,${BROOD_CROSS_PREFIX}/usr/lib/${libraries}")
list(JOIN run_flags " " run_flags)
set(CMAKE_EXE_LINKER_FLAGS_INIT "${CMAKE_SHARED_LINKER_FLAGS_INIT} ${run_flags}")

# pkg-config must see the target's packages alone.
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_LIBDIR} "${BROOD_CROSS_PREFIX}/usr/lib/${libraries}/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${BROOD_CROSS_PREFIX}")

# QEMU forks while its other threads may hold the lock of GLib's slices, up to GLib 2.74, and the child would wait for ever.
if(emulator)
  set(CMAKE_CROSSCOMPILING_EMULATOR env G_SLICE=always-malloc ${emulator})
endif()
