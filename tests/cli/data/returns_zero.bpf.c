/* What returns_zero.o was compiled from, by clang 21.1 with include/interleave.h, 2026-11-22. */
SEC("raw_tp") int nothing(void *ctx) { return 0; }
