# The mechanisms of any POSIX system in the place of Linux's own; by fork.
leg_fallback() {
    need build tests || return
    built fallback || return
    ctest_in fallback build/fallback -E "[.](spawn|forkserver)$|$python"
    check "a small /dev/shm" ci/check-small-shm build/fallback
}
