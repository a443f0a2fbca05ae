# Models of the queue's protocols, all states of them, that what breaks a protocol is found; orders of memory.
leg_model() {
    need model || return
    check "orders of memory" ci/litmus
    local log=build/model.log line lost
    mkdir -p build
    BROOD_NO_INSTALL=1 BROOD_JOBS=$jobs ci/model >"$log" 2>&1
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
    if [ -z "$line" ]; then
        tail -n 40 "$log"
        bad "ci/model"
        return
    fi
    good "${line%% *}"
    lost=$(sed -E 's/.*, ([0-9]+) failed/\1/' <<<"$line")
    failed=$((failed + lost))
    while IFS= read -r name; do
        failures+=("$leg: ${name#FAILED: }")
    done < <(grep '^FAILED:' "$log")
    grep -v '^ok:' "$log"
}
