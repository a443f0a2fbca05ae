# Sourced by ci/windows/build and ci/musl/build: Debian's sources of what brood stands on, and building them.
# The caller sets `name`, which begins what is said, and the folders `cache` and `prefix`.

log=$cache/log

say() { echo "$name: $*" >&2; }

# Run a step with its output in the log, shown when it fails.
step() {
    say "$1"; shift
    if ! "$@" >>"$log" 2>&1 9>&-; then
        tail -n 60 "$log" >&2
        say "failed; the whole log is $log"
        exit 1
    fi
}

# Debian's own package lists with sources in the place of binaries.  In a folder of their own: the system's are left alone.
apt_sources() {
    mkdir -p "$work/apt/sources.d" "$work/apt/lists/partial" "$work/apt/archives/partial"
    for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list.d/ubuntu.sources; do
        [ ! -f "$list" ] || sed 's/^Types:.*/Types: deb-src/' "$list" > "$work/apt/sources.d/$(basename "$list")"
    done
    [ ! -f /etc/apt/sources.list ] ||
        sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > "$work/apt/sources.d/system.list"
    apt_own update
}

apt_own() {
    apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/apt/sources.d" \
        -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt" -o Dir::Cache::archives="$work/apt/archives" \
        -o APT::Sandbox::User="$(id -un)" "$@"
}

fetch_source() {
    cd "$work"
    apt_own source "$1"
}

build_dependency() {  # recipe, Debian's name of the source, toolchain file
    step "source of $2" fetch_source "$2"
    source=$(ls -d "$work/$2"-[0-9]*/ | head -n 1)
    step "building $2" "$1" "${source%/}" "$work/$2-build" "$prefix" "$3"
}

# build_dependencies RECIPE TOOLCHAIN: APR by the recipe and the rest by those that are here, unless they are there.
build_dependencies() {
    [ ! -f "$prefix/.complete" ] || return 0
    : > "$log"
    rm -rf "$prefix"
    mkdir -p "$prefix"
    work=$(mktemp -d "$cache/work.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    step "package lists with sources" apt_sources
    build_dependency "$1" apr "$2"
    for source_of in cunit:cunit msgpack:msgpack-c mbedtls:mbedtls; do
        build_dependency "$here/../dependencies/${source_of%:*}" "${source_of#*:}" "$2"
    done
    touch "$prefix/.complete"
}
