# One function for each kind of thing.

# brood_flags(TARGET): the language and the warnings everything here is held to.
function(brood_flags target)
  set_target_properties(${target} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 /utf-8 /experimental:c11atomics)
  else()
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes)
  endif()
endfunction()

# brood_library(TARGET SHARED|STATIC): the library in one of its forms, from the sources chosen in CMakeLists.txt.
function(brood_library target type)
  add_library(${target} ${type} ${sources})
  brood_flags(${target})
  target_include_directories(${target}
    PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>"
    PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_compile_features(${target} PUBLIC c_std_11)
  target_link_libraries(${target}
    PUBLIC brood::apr
    PRIVATE brood::msgpack brood::mbedtls brood::mbedx509 brood::mbedcrypto Threads::Threads
      ${brood_system_libraries})
  set_target_properties(${target} PROPERTIES
    C_VISIBILITY_PRESET hidden
    OUTPUT_NAME brood
    VERSION ${PROJECT_VERSION}
    # Until 1.0 every minor version may change the binary interface.
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  if(MSVC AND type STREQUAL "STATIC" AND NOT BROOD_ONE_FORM)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${target})  # brood.lib is the DLL's import library
  endif()
  if(type STREQUAL "SHARED" AND BROOD_HAVE_BIND_NOW)  # else every forked child looks symbols up anew
    target_link_options(${target} PRIVATE "LINKER:-z,relro,-z,now")
    target_compile_options(${target} PRIVATE -fno-plt)  # no page for it in a new process
  endif()
  if(BROOD_HAVE_STATIC_TLS)  # what each thread has for itself is on every path that takes a lock: not by a call
    target_compile_options(${target} PRIVATE -ftls-model=initial-exec)
  endif()
  if(BROOD_TORTURE)
    target_compile_definitions(${target} PRIVATE BROOD_TORTURE)
  endif()
endfunction()
