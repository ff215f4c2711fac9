/*
 * BPF_PROG(name, args...): the arguments of a tracepoint out of the context's array of 64-bit words.
 * BPF_KPROBE(name, args...): those of a probed function out of the registers of x86-64.
 */
#ifndef INTERLEAVE_BPF_TRACING_H
#define INTERLEAVE_BPF_TRACING_H

#include <bpf/bpf_helpers.h>

/* What -D__TARGET_ARCH_... of a project's makefile comes to; programs are made for x86-64 here where it says nothing. */
#if defined(__TARGET_ARCH_arm64)
#define bpf_target_arm64
#else
#define bpf_target_x86
#endif
#define bpf_target_defined

#define INTERLEAVE_ARGS_0(...)
#define INTERLEAVE_ARGS_1(...) , (void *)ctx[0]
#define INTERLEAVE_ARGS_2(...) INTERLEAVE_ARGS_1(), (void *)ctx[1]
#define INTERLEAVE_ARGS_3(...) INTERLEAVE_ARGS_2(), (void *)ctx[2]
#define INTERLEAVE_ARGS_4(...) INTERLEAVE_ARGS_3(), (void *)ctx[3]
#define INTERLEAVE_ARGS_5(...) INTERLEAVE_ARGS_4(), (void *)ctx[4]
#define INTERLEAVE_ARGS_6(...) INTERLEAVE_ARGS_5(), (void *)ctx[5]
#define INTERLEAVE_ARGS_7(...) INTERLEAVE_ARGS_6(), (void *)ctx[6]
#define INTERLEAVE_ARGS_8(...) INTERLEAVE_ARGS_7(), (void *)ctx[7]
#define INTERLEAVE_ARGS_9(...) INTERLEAVE_ARGS_8(), (void *)ctx[8]
#define INTERLEAVE_ARGS_10(...) INTERLEAVE_ARGS_9(), (void *)ctx[9]
#define INTERLEAVE_ARGS_11(...) INTERLEAVE_ARGS_10(), (void *)ctx[10]
#define INTERLEAVE_ARGS_12(...) INTERLEAVE_ARGS_11(), (void *)ctx[11]
#define INTERLEAVE_PICK(_0, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, name, ...) name
#define INTERLEAVE_ARGS(...)                                                                                  \
	INTERLEAVE_PICK(_0, ##__VA_ARGS__, INTERLEAVE_ARGS_12, INTERLEAVE_ARGS_11, INTERLEAVE_ARGS_10,        \
			INTERLEAVE_ARGS_9, INTERLEAVE_ARGS_8, INTERLEAVE_ARGS_7, INTERLEAVE_ARGS_6,           \
			INTERLEAVE_ARGS_5, INTERLEAVE_ARGS_4, INTERLEAVE_ARGS_3, INTERLEAVE_ARGS_2,           \
			INTERLEAVE_ARGS_1, INTERLEAVE_ARGS_0)(__VA_ARGS__)

#ifndef BPF_PROG
#define BPF_PROG(name, args...)                                                                               \
	name(unsigned long long *ctx);                                                                        \
	static __attribute__((always_inline)) typeof(name(0)) interleave_##name(unsigned long long *ctx, ##args); \
	typeof(name(0)) name(unsigned long long *ctx)                                                         \
	{                                                                                                     \
		_Pragma("GCC diagnostic push")                                                                \
		_Pragma("GCC diagnostic ignored \"-Wint-conversion\"")                                        \
		return interleave_##name(ctx INTERLEAVE_ARGS(args));                                          \
		_Pragma("GCC diagnostic pop")                                                                 \
	}                                                                                                     \
	static __attribute__((always_inline)) typeof(name(0)) interleave_##name(unsigned long long *ctx, ##args)
#endif

/* The kernel's own struct, out of vmlinux.h, calls the registers by other names than the one for user space. */
#ifdef __VMLINUX_H__
#define __pt_names(user, kernel) kernel
#else
#include <linux/ptrace.h>
#define __pt_names(user, kernel) user
#endif
#define PT_REGS_PARM1(x) ((x)->__pt_names(rdi, di))
#define PT_REGS_PARM2(x) ((x)->__pt_names(rsi, si))
#define PT_REGS_PARM3(x) ((x)->__pt_names(rdx, dx))
#define PT_REGS_PARM4(x) ((x)->__pt_names(rcx, cx))
#define PT_REGS_PARM5(x) ((x)->r8)
#define PT_REGS_PARM6(x) ((x)->r9)
#define PT_REGS_RET(x) (*(unsigned long *)(x)->__pt_names(rsp, sp))
#define PT_REGS_FP(x) ((x)->__pt_names(rbp, bp))
#define PT_REGS_RC(x) ((x)->__pt_names(rax, ax))
#define PT_REGS_SP(x) ((x)->__pt_names(rsp, sp))
#define PT_REGS_IP(x) ((x)->__pt_names(rip, ip))
/* A system call's fourth argument comes in r10: the instruction `syscall` puts the return address into rcx. */
#define PT_REGS_PARM1_SYSCALL(x) PT_REGS_PARM1(x)
#define PT_REGS_PARM2_SYSCALL(x) PT_REGS_PARM2(x)
#define PT_REGS_PARM3_SYSCALL(x) PT_REGS_PARM3(x)
#define PT_REGS_PARM4_SYSCALL(x) ((x)->r10)
#define PT_REGS_PARM5_SYSCALL(x) PT_REGS_PARM5(x)
#define PT_REGS_PARM6_SYSCALL(x) PT_REGS_PARM6(x)
/* The same through bpf_probe_read_kernel, for registers that the context only points to (<bpf/bpf_core_read.h>). */
#define PT_REGS_PARM1_CORE(x) BPF_CORE_READ(x, __pt_names(rdi, di))
#define PT_REGS_PARM2_CORE(x) BPF_CORE_READ(x, __pt_names(rsi, si))
#define PT_REGS_PARM3_CORE(x) BPF_CORE_READ(x, __pt_names(rdx, dx))
#define PT_REGS_PARM4_CORE(x) BPF_CORE_READ(x, __pt_names(rcx, cx))
#define PT_REGS_PARM5_CORE(x) BPF_CORE_READ(x, r8)
#define PT_REGS_PARM6_CORE(x) BPF_CORE_READ(x, r9)
#define PT_REGS_RET_CORE(x) BPF_CORE_READ(x, __pt_names(rsp, sp))
#define PT_REGS_FP_CORE(x) BPF_CORE_READ(x, __pt_names(rbp, bp))
#define PT_REGS_RC_CORE(x) BPF_CORE_READ(x, __pt_names(rax, ax))
#define PT_REGS_SP_CORE(x) BPF_CORE_READ(x, __pt_names(rsp, sp))
#define PT_REGS_IP_CORE(x) BPF_CORE_READ(x, __pt_names(rip, ip))
#define PT_REGS_PARM1_CORE_SYSCALL(x) PT_REGS_PARM1_CORE(x)
#define PT_REGS_PARM2_CORE_SYSCALL(x) PT_REGS_PARM2_CORE(x)
#define PT_REGS_PARM3_CORE_SYSCALL(x) PT_REGS_PARM3_CORE(x)
#define PT_REGS_PARM4_CORE_SYSCALL(x) BPF_CORE_READ(x, r10)
#define PT_REGS_PARM5_CORE_SYSCALL(x) PT_REGS_PARM5_CORE(x)
#define PT_REGS_PARM6_CORE_SYSCALL(x) PT_REGS_PARM6_CORE(x)
/* A wrapped system call (arch/x86/include/asm/syscall_wrapper.h) has one argument: the caller's registers. */
#define PT_REGS_SYSCALL_REGS(x) ((struct pt_regs *)PT_REGS_PARM1(x))
#define BPF_KPROBE_READ_RET_IP(ip, ctx) ({ bpf_probe_read_kernel(&(ip), sizeof(ip), (void *)PT_REGS_SP(ctx)); })
#define BPF_KRETPROBE_READ_RET_IP BPF_KPROBE_READ_RET_IP

#define INTERLEAVE_PARM_0(...)
#define INTERLEAVE_PARM_1(...) , (void *)PT_REGS_PARM1(ctx)
#define INTERLEAVE_PARM_2(...) INTERLEAVE_PARM_1(), (void *)PT_REGS_PARM2(ctx)
#define INTERLEAVE_PARM_3(...) INTERLEAVE_PARM_2(), (void *)PT_REGS_PARM3(ctx)
#define INTERLEAVE_PARM_4(...) INTERLEAVE_PARM_3(), (void *)PT_REGS_PARM4(ctx)
#define INTERLEAVE_PARM_5(...) INTERLEAVE_PARM_4(), (void *)PT_REGS_PARM5(ctx)
#define INTERLEAVE_PARM_6(...) INTERLEAVE_PARM_5(), (void *)PT_REGS_PARM6(ctx)
#define INTERLEAVE_RC_0(...)
#define INTERLEAVE_RC_1(...) , (void *)PT_REGS_RC(ctx)
#define INTERLEAVE_PARM_PICK(_0, _1, _2, _3, _4, _5, _6, name, ...) name
#define INTERLEAVE_PARMS(...)                                                                                 \
	INTERLEAVE_PARM_PICK(_0, ##__VA_ARGS__, INTERLEAVE_PARM_6, INTERLEAVE_PARM_5, INTERLEAVE_PARM_4,      \
			     INTERLEAVE_PARM_3, INTERLEAVE_PARM_2, INTERLEAVE_PARM_1, INTERLEAVE_PARM_0)(__VA_ARGS__)
#define INTERLEAVE_RC_PICK(_0, _1, name, ...) name
#define INTERLEAVE_RC(...) INTERLEAVE_RC_PICK(_0, ##__VA_ARGS__, INTERLEAVE_RC_1, INTERLEAVE_RC_0)(__VA_ARGS__)

#define __interleave_probe(name, values, args...)                                                             \
	name(struct pt_regs *ctx);                                                                            \
	static __attribute__((always_inline)) typeof(name(0)) interleave_##name(struct pt_regs *ctx, ##args); \
	typeof(name(0)) name(struct pt_regs *ctx)                                                             \
	{                                                                                                     \
		_Pragma("GCC diagnostic push")                                                                \
		_Pragma("GCC diagnostic ignored \"-Wint-conversion\"")                                        \
		return interleave_##name(ctx values(args));                                                   \
		_Pragma("GCC diagnostic pop")                                                                 \
	}                                                                                                     \
	static __attribute__((always_inline)) typeof(name(0)) interleave_##name(struct pt_regs *ctx, ##args)
#ifndef BPF_KPROBE
#define BPF_KPROBE(name, args...) __interleave_probe(name, INTERLEAVE_PARMS, ##args)
#define BPF_UPROBE(name, args...) BPF_KPROBE(name, ##args)
#endif
#ifndef BPF_KRETPROBE
#define BPF_KRETPROBE(name, args...) __interleave_probe(name, INTERLEAVE_RC, ##args)
#define BPF_URETPROBE(name, args...) BPF_KRETPROBE(name, ##args)
#endif

/* Where a probe of a system call finds the arguments: behind the wrapper's only one, if this kernel wraps them. */
extern _Bool LINUX_HAS_SYSCALL_WRAPPER __kconfig;
#define __syscall_arg(n) \
	, (void *)(LINUX_HAS_SYSCALL_WRAPPER ? PT_REGS_PARM##n##_CORE_SYSCALL(regs) : PT_REGS_PARM##n##_SYSCALL(regs))
#define INTERLEAVE_SYSCALL_0(...)
#define INTERLEAVE_SYSCALL_1(...) __syscall_arg(1)
#define INTERLEAVE_SYSCALL_2(...) INTERLEAVE_SYSCALL_1() __syscall_arg(2)
#define INTERLEAVE_SYSCALL_3(...) INTERLEAVE_SYSCALL_2() __syscall_arg(3)
#define INTERLEAVE_SYSCALL_4(...) INTERLEAVE_SYSCALL_3() __syscall_arg(4)
#define INTERLEAVE_SYSCALL_5(...) INTERLEAVE_SYSCALL_4() __syscall_arg(5)
#define INTERLEAVE_SYSCALL_6(...) INTERLEAVE_SYSCALL_5() __syscall_arg(6)
#define INTERLEAVE_SYSCALL(...)                                                                               \
	INTERLEAVE_PARM_PICK(_0, ##__VA_ARGS__, INTERLEAVE_SYSCALL_6, INTERLEAVE_SYSCALL_5, INTERLEAVE_SYSCALL_4, \
			     INTERLEAVE_SYSCALL_3, INTERLEAVE_SYSCALL_2, INTERLEAVE_SYSCALL_1, INTERLEAVE_SYSCALL_0) \
	(__VA_ARGS__)
#ifndef BPF_KSYSCALL
#define BPF_KSYSCALL(name, args...)                                                                           \
	name(struct pt_regs *ctx);                                                                            \
	static __attribute__((always_inline)) typeof(name(0)) interleave_##name(struct pt_regs *ctx, ##args); \
	typeof(name(0)) name(struct pt_regs *ctx)                                                             \
	{                                                                                                     \
		struct pt_regs *regs = LINUX_HAS_SYSCALL_WRAPPER ? PT_REGS_SYSCALL_REGS(ctx) : ctx;           \
		(void)regs;                                                                                   \
		_Pragma("GCC diagnostic push")                                                                \
		_Pragma("GCC diagnostic ignored \"-Wint-conversion\"")                                        \
		return interleave_##name(ctx INTERLEAVE_SYSCALL(args));                                       \
		_Pragma("GCC diagnostic pop")                                                                 \
	}                                                                                                     \
	static __attribute__((always_inline)) typeof(name(0)) interleave_##name(struct pt_regs *ctx, ##args)
#define BPF_KPROBE_SYSCALL BPF_KSYSCALL
#endif

/*
 * BPF_PROG2(name, type, argument, ...): arguments may be structs of up to 16 bytes, which take one or two words of the
 * context.
 */
#define __words_of(type) ((sizeof(type) + 7) / 8)
#define __arg_in_words(type, at)                                                                              \
	, ({                                                                                                  \
		type __value;                                                                                 \
		__builtin_memcpy(&__value, &ctx[at], sizeof(__value));                                        \
		__value;                                                                                      \
	})
#define INTERLEAVE_TYPED_0(at)
#define INTERLEAVE_TYPED_2(at, t, x) __arg_in_words(t, at)
#define INTERLEAVE_TYPED_4(at, t, x, ...) __arg_in_words(t, at) INTERLEAVE_TYPED_2((at) + __words_of(t), __VA_ARGS__)
#define INTERLEAVE_TYPED_6(at, t, x, ...) __arg_in_words(t, at) INTERLEAVE_TYPED_4((at) + __words_of(t), __VA_ARGS__)
#define INTERLEAVE_TYPED_8(at, t, x, ...) __arg_in_words(t, at) INTERLEAVE_TYPED_6((at) + __words_of(t), __VA_ARGS__)
#define INTERLEAVE_TYPED_10(at, t, x, ...) __arg_in_words(t, at) INTERLEAVE_TYPED_8((at) + __words_of(t), __VA_ARGS__)
#define INTERLEAVE_TYPED_12(at, t, x, ...) __arg_in_words(t, at) INTERLEAVE_TYPED_10((at) + __words_of(t), __VA_ARGS__)
#define INTERLEAVE_DECLARED_0()
#define INTERLEAVE_DECLARED_2(t, x) , t x
#define INTERLEAVE_DECLARED_4(t, x, ...) , t x INTERLEAVE_DECLARED_2(__VA_ARGS__)
#define INTERLEAVE_DECLARED_6(t, x, ...) , t x INTERLEAVE_DECLARED_4(__VA_ARGS__)
#define INTERLEAVE_DECLARED_8(t, x, ...) , t x INTERLEAVE_DECLARED_6(__VA_ARGS__)
#define INTERLEAVE_DECLARED_10(t, x, ...) , t x INTERLEAVE_DECLARED_8(__VA_ARGS__)
#define INTERLEAVE_DECLARED_12(t, x, ...) , t x INTERLEAVE_DECLARED_10(__VA_ARGS__)
#ifndef BPF_PROG2
#define BPF_PROG2(name, args...)                                                                              \
	name(unsigned long long *ctx);                                                                        \
	static __attribute__((always_inline)) typeof(name(0)) interleave_##name(                              \
		unsigned long long *ctx ___bpf_apply(INTERLEAVE_DECLARED_, ___bpf_narg(args))(args));         \
	typeof(name(0)) name(unsigned long long *ctx)                                                         \
	{                                                                                                     \
		return interleave_##name(ctx ___bpf_apply(INTERLEAVE_TYPED_, ___bpf_narg(args))(0, ##args));  \
	}                                                                                                     \
	static __attribute__((always_inline)) typeof(name(0)) interleave_##name(                              \
		unsigned long long *ctx ___bpf_apply(INTERLEAVE_DECLARED_, ___bpf_narg(args))(args))
#endif

#endif
