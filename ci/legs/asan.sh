# Address and undefined-behaviour sanitizers, with leaks; by fork and spawn, without storms and Python's side.
leg_asan() {
    need build tests || return
    built asan && ctest_in asan build/asan -E "[.]forkserver$|$long"
}
