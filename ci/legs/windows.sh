# MinGW-w64 and Wine.
leg_windows() {
    need build clang windows || return
    local cache
    if ! cache=$(ci/windows/build); then
        bad "dependencies for Windows"
        return
    fi
    export BROOD_WINDOWS_PREFIX=$cache/prefix
    check "MSVC's dialect" ci/windows/msvc-syntax
    # A Wine prefix of our own: another run's end would stop ours.
    wine_ours=$top/build/wine
    export WINEPREFIX=$wine_ours
    if [ ! -f "$WINEPREFIX/.complete" ] || [ "$cache/wine/.complete" -nt "$WINEPREFIX/.complete" ]; then
        mkdir -p build
        rm -rf "$WINEPREFIX"
        cp -a --reflink=auto "$cache/wine" "$WINEPREFIX"
        touch "$WINEPREFIX/.complete"
    fi
    if built windows-mingw; then
        ctest_in windows-mingw build/windows-mingw
        # Without symbolic links: Wine shows what they point to, and no Windows program can tell.
        rm -rf build/include
        cp -r /usr/include build/include && find build/include -type l -delete
        check "the demo" ci/check-demo build/include ci/windows/run build/windows-mingw/bin/linecount.exe
        rm -rf build/include
    fi
    ci/windows/stop
    unset WINEPREFIX
}
