# Cross-build for 64-bit Windows with MinGW-w64; ctest runs the programs under Wine.
#
# The dependencies come from the prefix that ci/windows/build makes.  It is taken from the environment once and
# then remembered in the build tree; ci/windows/build prints the line that sets it.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

if(DEFINED ENV{BROOD_WINDOWS_PREFIX})
  set(BROOD_WINDOWS_PREFIX "$ENV{BROOD_WINDOWS_PREFIX}" CACHE PATH "Where the dependencies for Windows are installed")
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BROOD_WINDOWS_PREFIX)

set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32 "${BROOD_WINDOWS_PREFIX}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# pkg-config must see the target's packages alone.
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_LIBDIR} "${BROOD_WINDOWS_PREFIX}/lib/pkgconfig")

set(CMAKE_CROSSCOMPILING_EMULATOR "${CMAKE_CURRENT_LIST_DIR}/../ci/windows/run")
