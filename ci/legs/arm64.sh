# Linux on arm64 under QEMU, also with processes that end at every labelled step.
leg_arm64() {
    cross arm64
}
