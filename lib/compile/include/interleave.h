/* Given to every listing before its first line, so that a listing that includes nothing compiles as well. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#ifndef INTERLEAVE_OWN_bool
#include <stdbool.h>
#endif

/* The license of a listing that does not state one; helpers such as bpf_spin_lock are for GPL programs only. */
#ifdef INTERLEAVE_NO_LICENSE
static const char interleave_license[] __attribute__((section("license"), used)) = "GPL";
#endif
