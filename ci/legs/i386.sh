# Linux on 32-bit x86: by fork, and a process of each kind; also with processes that end at every labelled step.
leg_i386() {
    cross i386 -R '[.]fork$|^(connection|pipe|process|queue|travel)[.]' -E "$long"
}
