/*
 * Stands in for the header that bpftool dumps from a running kernel: the types that concurrency listings use. Fields of
 * kernel structs are found by name when the program is loaded into a kernel (preserve_access_index).
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#include <linux/bpf.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#ifndef INTERLEAVE_OWN_task_struct
struct task_struct {
	int pid;
	int tgid;
	char comm[16];
};
#endif

#pragma clang attribute pop

#endif
