/* The C library's headers ask for it by the width of a machine that BPF is not; nothing in it is for BPF. */
