# Sourced by the scripts in this folder and by ci/test: where things for the Windows build live.
# The folder's name carries a hash of the recipes, so that a changed recipe builds anew and an old build still works.
# The caller sets `here` to this folder.

windows_recipes_hash() {
    cat "$here/apr" "$here/apr-mingw-prefix.h" "$here"/../dependencies/* | sha256sum | cut -c1-12
}

windows_cache=${BROOD_WINDOWS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/brood/windows-$(windows_recipes_hash)}
export BROOD_WINDOWS_PREFIX="${BROOD_WINDOWS_PREFIX:-$windows_cache/prefix}"

# Wine maps shared memory to files under TMPDIR, and finds its server there: the same value for every command.
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
    wine_tmpdir=/dev/shm
else
    wine_tmpdir=/tmp
fi
export WINEPREFIX="${WINEPREFIX:-$windows_cache/wine}"
export WINEARCH=win64 WINEDEBUG="${WINEDEBUG:--all}"
export WINEDLLOVERRIDES='winemenubuilder.exe=d;winedbg.exe=d;mscoree,mshtml='

wine_bin=/usr/lib/wine
[ -x "$wine_bin/wine64" ] || wine_bin=$(dirname "$(command -v wine64 || echo /usr/lib/wine/wine64)")

# Wine needs 0x7ffe0000 for itself, and as Debian builds it does not keep the place free: where the loader's heap is put
# at random it is there once in some thousand starts, and CreateProcess says "Internal error".
wine64() {
    if setarch -R true 2>/dev/null; then
        setarch -R "$wine_bin/wine64" "$@"
    else
        "$wine_bin/wine64" "$@"
    fi
}

# Make sure that Wine runs: its server and the services that come with the first program.  They keep open what they
# inherit and outlive the program that started them, hence the redirections: without them a pipe that reads a
# program's output would not end.  One at a time, or two programs both find no server.
wine_start() {
    (
        flock 8
        if TMPDIR=$wine_tmpdir "$wine_bin/wineserver" -p120 </dev/null >/dev/null 2>&1 8>&-; then
            TMPDIR=$wine_tmpdir wine64 wineboot </dev/null >/dev/null 2>&1 8>&- || true
        fi  # 2: the server runs already
    ) 8>"$WINEPREFIX/.brood-lock"
}

wine_stop() {
    TMPDIR=$wine_tmpdir "$wine_bin/wineserver" -k </dev/null >/dev/null 2>&1 || true
}
