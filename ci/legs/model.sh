# Models of the queue's protocols, all states of them, that what breaks a protocol is found; orders of memory.
leg_model() {
    need model || return
    check "orders of memory" ci/litmus
    mkdir -p build
    BROOD_NO_INSTALL=1 BROOD_JOBS=$jobs ci/model >build/model.log 2>&1
    take_counts ci/model build/model.log
}
