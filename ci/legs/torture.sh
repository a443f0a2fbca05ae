# Processes that end at every labelled step.
leg_torture() {
    need build tests || return
    built torture || return
    local seed
    for seed in ${BROOD_TORTURE_SEEDS:-1}; do
        echo "seed $seed"
        BROOD_TORTURE_SEED=$seed BROOD_TORTURE_SECONDS=${BROOD_TORTURE_SECONDS:-5} ctest_in torture build/torture
    done
}
