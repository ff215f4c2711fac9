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
#ifndef __kptr_untrusted
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#endif
#ifndef __percpu_kptr
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#endif
#ifndef __uptr
#define __uptr __attribute__((btf_type_tag("uptr")))
#endif
#ifndef __kconfig
#define __kconfig __attribute__((section(".kconfig")))
#endif
/* Whether a kernel variable or function that was declared __weak is there: else its address is 0. */
#ifndef bpf_ksym_exists
#define bpf_ksym_exists(symbol) (!!(symbol))
#endif
#ifndef __contains
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))
#endif
#ifndef __arg_trusted
#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))
#endif
#ifndef __arg_untrusted
#define __arg_untrusted __attribute__((btf_decl_tag("arg:untrusted")))
#endif
#ifndef __arg_nullable
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#endif
#ifndef __arg_arena
#define __arg_arena __attribute__((btf_decl_tag("arg:arena")))
#endif
#ifndef __arg_ctx
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#endif
#ifndef __arg_nonnull
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#endif

/* __uint(pinning, ...): libbpf takes the map from, and puts it into, the BPF file system. */
#ifndef INTERLEAVE_OWN_libbpf_pin_type
enum libbpf_pin_type {
	LIBBPF_PIN_NONE = 0,
	LIBBPF_PIN_BY_NAME = 1,
};
#endif
/* What an option of the kernel's configuration may be: `extern enum libbpf_tristate CONFIG_IPV6 __kconfig;` */
#ifndef INTERLEAVE_OWN_libbpf_tristate
enum libbpf_tristate {
	TRI_NO = 0,
	TRI_YES = 1,
	TRI_MODULE = 2,
};
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
#ifndef KERNEL_VERSION
/* As LINUX_KERNEL_VERSION counts; the third number has eight bits. */
#define KERNEL_VERSION(major, minor, patch) (((major) << 16) + ((minor) << 8) + ((patch) > 255 ? 255 : (patch)))
#endif
#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#endif
#ifndef unlikely
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

/* Names made of two, and a macro chosen by how many arguments there are. */
#ifndef ___bpf_concat
#define ___bpf_concat(a, b) a##b
#define ___bpf_apply(macro, n) ___bpf_concat(macro, n)
#define ___bpf_nth(_0, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, n, ...) n
#define ___bpf_narg(...) ___bpf_nth(_0, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
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

/* A loop that the verifier lets run on although it sees no end of it (instruction may_goto, -mcpu=v4 not needed). */
#ifndef can_loop
#define can_loop                                                                   \
	({                                                                         \
		__label__ l_break, l_continue;                                     \
		_Bool __goes_on = 1;                                               \
		asm volatile goto("may_goto %l[l_break]" ::: : l_break);           \
		goto l_continue;                                                   \
	l_break:                                                                   \
		__goes_on = 0;                                                     \
	l_continue:;                                                               \
		__goes_on;                                                         \
	})
#endif
#ifndef cond_break
#define cond_break                                                                 \
	if (can_loop) {                                                            \
	} else                                                                     \
		break
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
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __weak __ksym;
extern void *bpf_cast_to_kern_ctx(void *obj) __weak __ksym;

/* A tail call whose slot is a constant, so that the JIT may make a jump of it. */
#ifndef INTERLEAVE_OWN_FUNCTIONS
static __attribute__((always_inline)) inline void bpf_tail_call_static(void *ctx, const void *map, const __u32 slot)
{
	bpf_tail_call(ctx, (void *)map, slot);
}
#endif

#ifdef INTERLEAVE_OWN_FUNCTIONS
#include "own_functions_end.h"
#endif

/* Loops over an open-coded iterator; it is destroyed however the loop is left. */
#ifndef bpf_for_each
#define bpf_for_each(type, element, args...)                                                           \
	for (struct bpf_iter_##type __it                                                               \
		     __attribute__((aligned(8), cleanup(bpf_iter_##type##_destroy))),                  \
	     *__started = (bpf_iter_##type##_new(&__it, ##args), (void)bpf_iter_##type##_destroy,      \
			   (void *)0);                                                                 \
	     ((element) = bpf_iter_##type##_next(&__it));)
#endif
#ifndef bpf_for
#define bpf_for(i, start, end)                                                                         \
	for (struct bpf_iter_num __it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))),      \
	     *__started = (bpf_iter_num_new(&__it, (start), (end)), (void)bpf_iter_num_destroy,        \
			   (void *)0);                                                                 \
	     ({                                                                                        \
		     int *__next = bpf_iter_num_next(&__it);                                           \
		     __next && ((i) = *__next, (i) >= (start) && (i) < (end));                         \
	     });)
#endif
#ifndef bpf_repeat
#define bpf_repeat(count)                                                                              \
	for (struct bpf_iter_num __it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))),      \
	     *__started = (bpf_iter_num_new(&__it, 0, (count)), (void)bpf_iter_num_destroy,            \
			   (void *)0);                                                                 \
	     bpf_iter_num_next(&__it);)
#endif

/* Formatted text, its arguments as words of 64 bits. */
#ifndef BPF_SNPRINTF
#define __bpf_words_0() 0
#define __bpf_words_pick(_0, a, b, c, d, e, f, g, h, i, j, k, l, name, ...) name
#define __bpf_words(...)                                                                               \
	__bpf_words_pick(_0, ##__VA_ARGS__, __bpf_words_12, __bpf_words_11, __bpf_words_10, __bpf_words_9, \
			 __bpf_words_8, __bpf_words_7, __bpf_words_6, __bpf_words_5, __bpf_words_4,    \
			 __bpf_words_3, __bpf_words_2, __bpf_words_1, __bpf_words_0)(__VA_ARGS__)
#define __bpf_words_bytes(array, ...) (sizeof(#__VA_ARGS__) > 1 ? sizeof(array) : 0)
#define BPF_SNPRINTF(out, out_size, fmt, args...)                                                      \
	({                                                                                             \
		static const char ____fmt[] = fmt;                                                     \
		unsigned long long ____words[] = { __bpf_words(args) };                                \
		bpf_snprintf(out, out_size, ____fmt, ____words, __bpf_words_bytes(____words, args));   \
	})
#define BPF_SEQ_PRINTF(seq, fmt, args...)                                                              \
	({                                                                                             \
		static const char ____fmt[] = fmt;                                                     \
		unsigned long long ____words[] = { __bpf_words(args) };                                \
		bpf_seq_printf(seq, ____fmt, sizeof(____fmt), ____words,                               \
			       __bpf_words_bytes(____words, args));                                    \
	})
#endif

#endif
