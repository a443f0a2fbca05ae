# The site and the man pages, without a warning; links; Python's names; files that pages show.
leg_docs() {
    need docs || return
    if check 'site and man pages' docs/build; then
        check 'links, and names described' docs/check-site build/docs
        check 'man pages' docs/check-man build/docs/man
    fi
    check "Python's names" ci/check-python-names
    check 'files in pages' ci/check-included
}
