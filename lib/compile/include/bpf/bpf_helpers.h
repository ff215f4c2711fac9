/* The vocabulary of a BPF listing, as libbpf's header of this name has it. Macros that the listing defines win. */
#ifndef INTERLEAVE_BPF_HELPERS_H
#define INTERLEAVE_BPF_HELPERS_H

#include <linux/bpf.h>

/* Where a function or variable goes: the program type, `.maps`, `license`. */
#ifndef SEC
#define SEC(name) __attribute__((section(name), used))
#endif

/* A map's number, type and list are all written as types, so that they take no bytes and BTF still tells them. */
#ifndef __uint
#define __uint(name, val) int (*name)[val]
#endif
#ifndef __type
#define __type(name, val) typeof(val) *name
#endif
#ifndef __array
#define __array(name, val) typeof(val) *name[]
#endif
#ifndef __ulong
#define __ulong(name, val) enum { name##_value = val } name
#endif

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
#ifndef __hidden
#define __hidden __attribute__((visibility("hidden")))
#endif
#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif
#ifndef __kptr
#define __kptr __attribute__((btf_type_tag("kptr")))
#endif
#ifndef __arg_ctx
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#endif
#ifndef __arg_nonnull
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#endif

#ifndef NULL
#define NULL ((void *)0)
#endif
#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
#ifndef container_of
#define container_of(ptr, type, member) ((type *)((void *)(ptr) - offsetof(type, member)))
#endif
#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#endif
#ifndef unlikely
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

/* Keep the compiler from moving memory accesses across, or from knowing a variable's value. No instruction. */
#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif
/* Exactly one load, exactly one store. */
#ifndef READ_ONCE
#define READ_ONCE(x) (*(volatile typeof(x) *)&(x))
#endif
#ifndef WRITE_ONCE
#define WRITE_ONCE(x, val) (*(volatile typeof(x) *)&(x) = (val))
#endif

#ifndef bpf_printk
/* Up to three arguments travel in registers, up to twelve in an array (bpf_trace_vprintk). */
#define __bpf_word(x) ((unsigned long long)(unsigned long)(x))
#define __bpf_words_1(a) __bpf_word(a)
#define __bpf_words_2(a, ...) __bpf_word(a), __bpf_words_1(__VA_ARGS__)
#define __bpf_words_3(a, ...) __bpf_word(a), __bpf_words_2(__VA_ARGS__)
#define __bpf_words_4(a, ...) __bpf_word(a), __bpf_words_3(__VA_ARGS__)
#define __bpf_words_5(a, ...) __bpf_word(a), __bpf_words_4(__VA_ARGS__)
#define __bpf_words_6(a, ...) __bpf_word(a), __bpf_words_5(__VA_ARGS__)
#define __bpf_words_7(a, ...) __bpf_word(a), __bpf_words_6(__VA_ARGS__)
#define __bpf_words_8(a, ...) __bpf_word(a), __bpf_words_7(__VA_ARGS__)
#define __bpf_words_9(a, ...) __bpf_word(a), __bpf_words_8(__VA_ARGS__)
#define __bpf_words_10(a, ...) __bpf_word(a), __bpf_words_9(__VA_ARGS__)
#define __bpf_words_11(a, ...) __bpf_word(a), __bpf_words_10(__VA_ARGS__)
#define __bpf_words_12(a, ...) __bpf_word(a), __bpf_words_11(__VA_ARGS__)

#define __bpf_print_registers(fmt, ...)                                            \
	({                                                                         \
		static const char ____fmt[] = fmt;                                 \
		bpf_trace_printk(____fmt, sizeof(____fmt), ##__VA_ARGS__);         \
	})
#define __bpf_print_array(fmt, ...)                                                \
	({                                                                         \
		static const char ____fmt[] = fmt;                                 \
		unsigned long long ____words[] = { __VA_ARGS__ };                  \
		bpf_trace_vprintk(____fmt, sizeof(____fmt), ____words, sizeof(____words)); \
	})
#define __bpf_print_4(fmt, ...) __bpf_print_array(fmt, __bpf_words_4(__VA_ARGS__))
#define __bpf_print_5(fmt, ...) __bpf_print_array(fmt, __bpf_words_5(__VA_ARGS__))
#define __bpf_print_6(fmt, ...) __bpf_print_array(fmt, __bpf_words_6(__VA_ARGS__))
#define __bpf_print_7(fmt, ...) __bpf_print_array(fmt, __bpf_words_7(__VA_ARGS__))
#define __bpf_print_8(fmt, ...) __bpf_print_array(fmt, __bpf_words_8(__VA_ARGS__))
#define __bpf_print_9(fmt, ...) __bpf_print_array(fmt, __bpf_words_9(__VA_ARGS__))
#define __bpf_print_10(fmt, ...) __bpf_print_array(fmt, __bpf_words_10(__VA_ARGS__))
#define __bpf_print_11(fmt, ...) __bpf_print_array(fmt, __bpf_words_11(__VA_ARGS__))
#define __bpf_print_12(fmt, ...) __bpf_print_array(fmt, __bpf_words_12(__VA_ARGS__))
#define __bpf_print_pick(fmt, a, b, c, d, e, f, g, h, i, j, k, l, name, ...) name
#define bpf_printk(fmt, ...)                                                       \
	__bpf_print_pick(fmt, ##__VA_ARGS__, __bpf_print_12, __bpf_print_11, __bpf_print_10, __bpf_print_9, \
			 __bpf_print_8, __bpf_print_7, __bpf_print_6, __bpf_print_5, __bpf_print_4, \
			 __bpf_print_registers, __bpf_print_registers, __bpf_print_registers, \
			 __bpf_print_registers)(fmt, ##__VA_ARGS__)
#endif

/* Functions that the listing declares itself get another name here. */
#ifdef INTERLEAVE_OWN_FUNCTIONS
#include "own_functions_begin.h"
#endif

#include <bpf/bpf_helper_defs.h>

/* Kernel functions that have no number: the loader finds them by name. */
extern int bpf_res_spin_lock(struct bpf_res_spin_lock *lock) __ksym;
extern void bpf_res_spin_unlock(struct bpf_res_spin_lock *lock) __ksym;
extern int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *lock, unsigned long *flags) __ksym;
extern void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *lock, unsigned long *flags) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;
extern void bpf_local_irq_save(unsigned long *flags) __ksym;
extern void bpf_local_irq_restore(unsigned long *flags) __ksym;

#ifdef INTERLEAVE_OWN_FUNCTIONS
#include "own_functions_end.h"
#endif

#endif
