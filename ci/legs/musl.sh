# Linux with musl in the place of glibc: by fork, and a process of each kind; processes that end at every labelled step.
leg_musl() {
    need build tests musl || return
    if ! BROOD_MUSL_PREFIX=$(ci/musl/build); then
        bad "dependencies for musl"
        return
    fi
    export BROOD_MUSL_PREFIX
    begin_anew build/musl "$BROOD_MUSL_PREFIX"
    built musl && BROOD_TORTURE_SECONDS=${BROOD_TORTURE_SECONDS:-5} ctest_in musl build/musl \
        -R '[.]fork$|^(connection|pipe|process|queue|travel)[.]' -E "$long"
}
