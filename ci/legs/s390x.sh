# Linux on s390x, whose bytes are in the other order, under QEMU; also with processes that end at every labelled step.
leg_s390x() {
    cross s390x
}
