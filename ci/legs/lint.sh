# Formatting, clang-tidy, floors, symmetry of the backends, headers alone, lengths, scripts, the workflow.
leg_lint() {
    need build tests lint || return
    check format ci/lint/format
    check floors ci/lint/floors
    check symmetry ci/lint/symmetry
    check 'headers alone' ci/lint/headers
    check lengths ci/lint/length
    check scripts ci/lint/scripts
    check workflow ci/lint/workflow
    configure clang && check clang-tidy ci/lint/tidy build/clang
}
