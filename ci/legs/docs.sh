# The site, without a warning; links; Python's names; files that pages show.
leg_docs() {
    need docs || return
    if check 'site' docs/build; then
        check 'links, and names described' docs/check-site build/docs
    fi
    check "Python's names" ci/check-python-names
    check 'files in pages' ci/check-included
}
