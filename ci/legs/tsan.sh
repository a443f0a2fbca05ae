# Thread sanitizer; by fork, without the same.
leg_tsan() {
    need build tests || return
    built tsan || return
    # Its shadow memory wants the usual places, which a kernel that randomises addresses widely does not leave free.
    ! setarch -R true 2>/dev/null || runner=(setarch -R)
    ctest_in tsan build/tsan -E "[.](spawn|forkserver)$|$long"
    runner=(env)
}
