# Instructions and system calls of what is done most, against what was recorded.
leg_instructions() {
    need build instructions || return
    configure release build/instructions -DBROOD_TESTS=OFF -DBROOD_EXAMPLES=OFF || return
    step "building build/instructions" cmake --build build/instructions -j "$jobs" --target bench_instructions || return
    local log=build/instructions/log line lost
    ci/instructions build/instructions >"$log" 2>&1
    cat "$log"
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
    if [ -z "$line" ]; then
        bad "ci/instructions"
        return
    fi
    good "${line%% *}"
    lost=$(sed -E 's/.*, ([0-9]+) failed/\1/' <<<"$line")
    failed=$((failed + lost))
    while IFS= read -r name; do
        failures+=("$leg: ${name#FAILED: }")
    done < <(grep '^FAILED:' "$log")
}
