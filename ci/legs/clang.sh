# Built by clang; the tests by fork.
leg_clang() {
    need build tests clang || return
    built clang && ctest_in clang build/clang -R '[.](fork|default)$' -E "$long"
}
