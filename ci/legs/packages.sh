# Debian packages: built, installed and used, from C and from C++; other ways to use an installed brood; the binary interface.
leg_packages() {
    need build packages || return
    local installed=$top/build/installed package
    rm -rf "$installed"-*
    check "Debian packages" quietly ci/package || return
    check "lintian" lintian -I --pedantic --fail-on error,warning,info,pedantic build/packages/*.deb
    check "installed, used and removed" ci_check_packages

    # Where they need not be installed: in another folder.
    for package in build/packages/*.deb; do
        step "unpacking $package" dpkg-deb -x "$package" "$installed-unpacked"
    done
    use_installed "$installed-unpacked/usr" unpacked --libs
    step "static by default" static_by_default "$installed-static" && use_installed "$installed-static" static "--static --libs"
    check "consumers by FetchContent" by_cmake "$installed-fetched" --target consumer-brood-c --target consumer-brood-cpp -- \
        -DBROOD_SOURCE="$top"
    check "what C++ must not take" cxx_refuses
    check "recipes of vcpkg and Conan, as far as can be seen without them" ci/check-recipes

    check "binary interface" ci/abi
    check "a broken binary interface is seen" broken_abi_seen
}

quietly() {  # its output only if it fails
    local output
    output=$("$@" 2>&1) || { printf '%s\n' "$output"; return 1; }
}

ci_check_packages() {  # not everywhere can it be tried
    ci/check-packages
    case $? in
    0) ;;
    77) echo "not tried" ;;
    *) return 1 ;;
    esac
}

# The same objects, with the static library as brood::brood and in brood.pc.
static_by_default() {
    cmake -S . -B build/package -DBUILD_SHARED_LIBS=OFF &&
        cmake --build build/package -j "$jobs" &&
        cmake --install build/package --prefix "$1" &&
        cmake -S . -B build/package -DBUILD_SHARED_LIBS=ON
}

# use_installed PREFIX NAME OPTIONS-OF-PKG-CONFIG
use_installed() {
    check "consumers by find_package ($2)" by_cmake "$1-use" -- -DCMAKE_PREFIX_PATH="$1"
    check "consumers by pkg-config ($2)" by_pkg_config "$1" "$1-use" "$3"
}

# by_cmake BUILD [ARGUMENT-OF-BUILD ...] -- [ARGUMENT-OF-CONFIGURE ...]
by_cmake() {
    local build=$1 what=()
    shift
    while [ "$1" != -- ]; do
        what+=("$1")
        shift
    done
    shift
    quietly cmake -S tests/consumer -B "$build" -G Ninja -DCMAKE_COMPILE_WARNING_AS_ERROR=ON "$@" &&
        quietly cmake --build "$build" -j "$jobs" "${what[@]}" &&
        quietly ctest --test-dir "$build" --output-on-failure --no-tests=error ${what:+-R consumer-brood-c}
}

by_pkg_config() {
    local prefix=$1 use=$2 options=$3 warnings='-Wall -Wextra -Wpedantic -Werror' compiler
    PKG_CONFIG_PATH=$(find "$prefix" -name pkgconfig -type d)
    export PKG_CONFIG_PATH
    LD_LIBRARY_PATH=$(pkg-config --variable=libdir brood)
    export LD_LIBRARY_PATH
    if [ "$options" != --libs ]; then
        find "$prefix" -name 'libbrood.so*' -delete  # -lbrood would mean the shared form
    fi
    # shellcheck disable=SC2046,SC2086  # words on purpose
    for compiler in gcc clang; do
        $compiler -std=c11 $warnings $(pkg-config --cflags brood) tests/consumer/main.c -o "$use/$compiler" \
            $(pkg-config $options brood) && "$use/$compiler" >/dev/null || return
    done
    # shellcheck disable=SC2046,SC2086
    for compiler in g++ clang++; do
        $compiler -std=c++17 $warnings $(pkg-config --cflags brood) tests/consumer/main.cpp -o "$use/$compiler" \
            $(pkg-config $options brood) && "$use/$compiler" >/dev/null || return
    done
}

cxx_takes() {  # COMPILER STATEMENT, which may use a pool and a lock
    # shellcheck disable=SC2046
    printf '#include <brood.h>\nvoid f(brood_pool_t *pool, brood_lock_t *lock) { (void) pool; (void) lock; (void) %s; }\n' "$2" |
        "$1" -std=c++17 -Iinclude $(pkg-config --cflags apr-1) -fsyntax-only -xc++ - 2>/dev/null
}

cxx_refuses() {
    local compiler statement
    for compiler in g++ clang++; do
        cxx_takes $compiler 'BROOD_MAP("lock", lock)' || { echo "$compiler takes nothing"; return 1; }
        for statement in 'BROOD_VALUE(pool)' 'BROOD_LIST(1, pool)' 'BROOD_MAP("lock", lock, "odd")' 'BROOD_WAIT(lock)' \
            'BROOD_VALUE(1.0L)' 'BROOD_VALUE(nullptr)' 'BROOD_SLOT((signed char *) 0)'; do
            ! cxx_takes $compiler "$statement" || { echo "$compiler takes $statement"; return 1; }
        done
    done
}

# Libraries of the same objects, but broken: a struct has changed, a function is gone, a symbol is not brood's.
broken_abi_seen() {
    local broken=$top/build/abi-broken objects object=src/process/start.c sound
    rm -rf "$broken"
    mkdir -p "$broken"
    cp -r include "$broken"
    sed -i '0,/^    const char \*name;/s//    int broken;\n&/' "$broken/include/brood/process.h"
    ! cmp -s include/brood/process.h "$broken/include/brood/process.h" || { echo "nothing was broken"; return 1; }
    sound=build/package/CMakeFiles/brood-shared.dir/$object.o
    objects=$(find build/package/CMakeFiles/brood-shared.dir -name '*.o' ! -path "$sound")
    # shellcheck disable=SC2046
    cc -g -O1 -std=c11 -fPIC -fvisibility=hidden -DBROOD_BUILDING -I"$broken/include" -Isrc $(pkg-config --cflags apr-1) \
        -c $object -o "$broken/struct.o" || return
    printf '{ local: brood_wait; };\n' >"$broken/version"
    echo 'int stranger = 1;' | cc -fPIC -xc -c -o "$broken/stranger.o" - || return

    broken_library "$sound" && ci/abi "$broken/libbrood.so.0" >/dev/null || { echo "a sound library is refused"; return 1; }
    broken_library "$broken/struct.o" && ! ci/abi "$broken/libbrood.so.0" >"$broken/log" && grep -q brood_process_options_t "$broken/log" ||
        { echo "a changed struct is not seen"; return 1; }
    broken_library "$sound" -Wl,--version-script="$broken/version" && ! ci/abi "$broken/libbrood.so.0" >"$broken/log" &&
        grep -q "brood_wait" "$broken/log" || { echo "a missing function is not seen"; return 1; }
    broken_library "$sound" "$broken/stranger.o" && ! ci/abi "$broken/libbrood.so.0" >"$broken/log" && grep -q stranger "$broken/log" ||
        { echo "a symbol that is not brood's is not seen"; return 1; }
}

broken_library() {
    # shellcheck disable=SC2086
    cc -shared -Wl,-soname,libbrood.so.0.1 -o "$broken/libbrood.so.0" $objects "$@" -lapr-1 -lmbedtls -lmbedcrypto
}
