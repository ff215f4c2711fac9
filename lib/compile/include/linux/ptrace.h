/* Registers of x86-64 at the place of a probe (arch/x86/include/uapi/asm/ptrace.h). */
#ifndef INTERLEAVE_LINUX_PTRACE_H
#define INTERLEAVE_LINUX_PTRACE_H

#if !defined(INTERLEAVE_OWN_pt_regs) && !defined(__VMLINUX_H__)
struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long rbp;
	unsigned long rbx;
	unsigned long r11;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long rax;
	unsigned long rcx;
	unsigned long rdx;
	unsigned long rsi;
	unsigned long rdi;
	unsigned long orig_rax;
	unsigned long rip;
	unsigned long cs;
	unsigned long eflags;
	unsigned long rsp;
	unsigned long ss;
};
#endif

#endif
