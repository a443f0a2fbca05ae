# gcc: tests, examples and benchmarks under every start method; shared and static.
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
        check "calls that a sandbox refuses" ci/check-refused build/release/bin/process_terminate
        check "CPUs that may be used" ci/check-cpus build/release/bin/cpu_count
        check "a small /dev/shm" ci/check-small-shm build/release
    fi
    if built release build/release-static -DBUILD_SHARED_LIBS=OFF -DBROOD_TESTS=OFF -DBROOD_BENCH=OFF; then
        ctest_in - build/release-static
    fi
}
