# Cross-build for Linux on arm64 with Debian's compiler; ctest runs the programs under QEMU.
#
# The dependencies come from the prefix that ci/arm64/build makes.  It is taken from the environment once and then
# remembered in the build tree.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

if(DEFINED ENV{BROOD_ARM64_PREFIX})
  set(BROOD_ARM64_PREFIX "$ENV{BROOD_ARM64_PREFIX}" CACHE PATH "Where the dependencies for arm64 are" FORCE)
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BROOD_ARM64_PREFIX)

set(CMAKE_FIND_ROOT_PATH "${BROOD_ARM64_PREFIX}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# What the libraries themselves need is looked for where QEMU will look for it.  qemu.so helps QEMU: see ci/arm64/qemu.c.
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-Wl,-rpath-link,${BROOD_ARM64_PREFIX}/usr/lib/aarch64-linux-gnu")
set(CMAKE_EXE_LINKER_FLAGS_INIT
  "${CMAKE_SHARED_LINKER_FLAGS_INIT} -Wl,--no-as-needed,${BROOD_ARM64_PREFIX}/usr/lib/qemu.so,--as-needed")

# pkg-config must see the target's packages alone.
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_LIBDIR} "${BROOD_ARM64_PREFIX}/usr/lib/aarch64-linux-gnu/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${BROOD_ARM64_PREFIX}")

set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L "${BROOD_ARM64_PREFIX}")
