# gcc: tests, examples and benchmarks under every start method; shared and static; install and use it.
leg_linux() {
    need build tests || return
    local method
    if built release; then
        ctest_in release build/release -j $((2 * jobs))  # many of them wait, most of the time
        for method in fork spawn forkserver; do
            check "the demo by $method" env BROOD_START_METHOD=$method ci/check-demo /usr/include \
                build/release/bin/linecount
        done
        check "programs in the documents" ci/check-snippets build/release
        check "master and slave of the tutorial" ci/check-master build/release
        check "limits of the system" ci/check-limits build/release/bin/linecount
        check "CPUs that may be used" ci/check-cpus build/release/bin/cpu_count
        check "a small /dev/shm" ci/check-small-shm build/release
        use_installed build/release shared
    fi
    if built release build/release-static -DBUILD_SHARED_LIBS=OFF -DBROOD_TESTS=OFF -DBROOD_BENCH=OFF; then
        ctest_in - build/release-static
        use_installed build/release-static static
    fi
}

# Install into a folder of its own and use it from there by each of the two ways.
use_installed() {
    local build=$1 form=$2 prefix=$top/build/installed-$2 use=$top/build/consumer-$2
    rm -rf "$prefix" "$use"
    mkdir -p "$use"
    step "installing ($form)" cmake --install "$build" --prefix "$prefix" || return
    check "consumer by find_package ($form)" by_find_package "$prefix" "$use"
    check "consumer by pkg-config ($form)" by_pkg_config "$prefix" "$use" "$form"
}

by_find_package() {
    cmake -S tests/consumer -B "$2" -G Ninja -DCMAKE_PREFIX_PATH="$1" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_COMPILE_WARNING_AS_ERROR=ON >"$2/log" 2>&1 &&
        cmake --build "$2" >>"$2/log" 2>&1 &&
        ctest --test-dir "$2" --output-on-failure >>"$2/log" 2>&1 || { cat "$2/log"; return 1; }
}

by_pkg_config() {
    local prefix=$1 use=$2 static=
    PKG_CONFIG_PATH=$(find "$prefix" -name pkgconfig -type d)
    export PKG_CONFIG_PATH
    if [ "$3" = static ]; then
        static=--static
        find "$prefix" -name 'libbrood.so*' -delete  # -lbrood would mean the shared form
    fi
    # shellcheck disable=SC2046,SC2086  # words on purpose
    cc -std=c11 -Wall -Wextra -Werror $(pkg-config --cflags brood) tests/consumer/main.c -o "$use/by-pkg-config" \
        $(pkg-config $static --libs brood) &&
        LD_LIBRARY_PATH=$(pkg-config --variable=libdir brood) "$use/by-pkg-config" >/dev/null
}
