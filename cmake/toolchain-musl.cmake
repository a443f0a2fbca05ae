# Build against musl with Debian's musl-gcc; this machine runs the programs itself.
#
# The dependencies come from the prefix that ci/musl/build makes.  It is taken from the environment once and then
# remembered in the build tree.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER musl-gcc)

if(DEFINED ENV{BROOD_MUSL_PREFIX})
  set(BROOD_MUSL_PREFIX "$ENV{BROOD_MUSL_PREFIX}" CACHE PATH "Where the dependencies for musl are" FORCE)
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BROOD_MUSL_PREFIX)

set(CMAKE_FIND_ROOT_PATH "${BROOD_MUSL_PREFIX}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# pkg-config must see the target's packages alone.
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_LIBDIR} "${BROOD_MUSL_PREFIX}/lib/pkgconfig")
