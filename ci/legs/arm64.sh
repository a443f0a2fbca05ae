# Linux on arm64 under QEMU, also with processes that end at every labelled step.
leg_arm64() {
    need build tests arm64 || return
    if ! BROOD_ARM64_PREFIX=$(ci/arm64/build); then
        bad "dependencies for arm64"
        return
    fi
    export BROOD_ARM64_PREFIX
    built arm64 && BROOD_TORTURE_SECONDS=${BROOD_TORTURE_SECONDS:-5} ctest_in arm64 build/arm64 \
        -R "^($(grep -v '^#' ci/arm64/tests | paste -s -d '|'))\$"
}
