# Instructions and system calls of what is done most, against what was recorded.
leg_instructions() {
    need build instructions || return
    configure release build/instructions -DBROOD_TESTS=OFF -DBROOD_EXAMPLES=OFF || return
    step "building build/instructions" cmake --build build/instructions -j "$jobs" --target bench_instructions || return
    ci/instructions build/instructions >build/instructions/log 2>&1
    take_counts ci/instructions build/instructions/log
}
