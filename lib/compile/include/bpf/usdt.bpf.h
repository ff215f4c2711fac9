/*
 * User-space probes with arguments (USDT): BPF_USDT(name, args...), and what the loader's user side tells of a probe that
 * it attached. The two maps and their layout are an agreement with libbpf (usdt.c), so their names are fixed. A probe
 * that was not attached has no entry: its arguments are 0.
 */
#ifndef INTERLEAVE_BPF_USDT_H
#define INTERLEAVE_BPF_USDT_H

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#ifndef BPF_USDT_MAX_SPEC_CNT
#define BPF_USDT_MAX_SPEC_CNT 256
#endif
#ifndef BPF_USDT_MAX_IP_CNT
#define BPF_USDT_MAX_IP_CNT (4 * BPF_USDT_MAX_SPEC_CNT)
#endif
#define BPF_USDT_MAX_ARG_CNT 12

enum __bpf_usdt_arg_type {
	BPF_USDT_ARG_CONST = 0,
	BPF_USDT_ARG_REG = 1,
	BPF_USDT_ARG_REG_DEREF = 2,
	BPF_USDT_ARG_SIB = 3,
};

/* Where one argument is: a number, a register, memory at a register, memory at a register plus a scaled one. */
struct __bpf_usdt_arg_spec {
	__u64 val_off;
	__u8 arg_type;
	__u16 idx_reg_off : 12;
	__u16 scale_bitshift : 4;
	__u8 : 8;
	short reg_off;
	_Bool arg_signed;
	char arg_bitshift;
} __attribute__((packed, aligned(8)));

struct __bpf_usdt_spec {
	struct __bpf_usdt_arg_spec args[BPF_USDT_MAX_ARG_CNT];
	__u64 usdt_cookie;
	short arg_cnt;
};
_Static_assert(sizeof(struct __bpf_usdt_arg_spec) == 16, "the layout that libbpf fills in");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPF_USDT_MAX_SPEC_CNT);
	__type(key, int);
	__type(value, struct __bpf_usdt_spec);
} __bpf_usdt_specs SEC(".maps") __weak;

/* For kernels without cookies: which entry belongs to an address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPF_USDT_MAX_IP_CNT);
	__type(key, long);
	__type(value, __u32);
} __bpf_usdt_ip_to_spec_id SEC(".maps") __weak;

extern const _Bool LINUX_HAS_BPF_COOKIE __kconfig;

#define __USDT_NO_PROBE (-3) /* -ESRCH */
#define __USDT_NO_ARGUMENT (-2) /* -ENOENT */

static __always_inline struct __bpf_usdt_spec *__bpf_usdt_spec_of(struct pt_regs *ctx)
{
	int id;

	if (LINUX_HAS_BPF_COOKIE) {
		id = bpf_get_attach_cookie(ctx);
	} else {
		long ip = PT_REGS_IP(ctx);
		int *found = bpf_map_lookup_elem(&__bpf_usdt_ip_to_spec_id, &ip);

		if (!found)
			return 0;
		id = *found;
	}
	return bpf_map_lookup_elem(&__bpf_usdt_specs, &id);
}

__weak __hidden int bpf_usdt_arg_cnt(struct pt_regs *ctx)
{
	struct __bpf_usdt_spec *spec = __bpf_usdt_spec_of(ctx);

	return spec ? spec->arg_cnt : __USDT_NO_PROBE;
}

static __always_inline int bpf_usdt_arg_size(struct pt_regs *ctx, __u64 n)
{
	struct __bpf_usdt_spec *spec = __bpf_usdt_spec_of(ctx);

	if (!spec)
		return __USDT_NO_PROBE;
	if (n >= BPF_USDT_MAX_ARG_CNT)
		return __USDT_NO_ARGUMENT;
	barrier_var(n);
	if (n >= spec->arg_cnt)
		return __USDT_NO_ARGUMENT;
	return (64 - spec->args[n].arg_bitshift) / 8;
}

__weak __hidden int bpf_usdt_arg(struct pt_regs *ctx, __u64 n, long *res)
{
	struct __bpf_usdt_spec *spec = __bpf_usdt_spec_of(ctx);
	struct __bpf_usdt_arg_spec *arg;
	unsigned long value = 0, index = 0;
	long failed = 0;

	*res = 0;
	if (!spec)
		return __USDT_NO_PROBE;
	if (n >= BPF_USDT_MAX_ARG_CNT)
		return __USDT_NO_ARGUMENT;
	barrier_var(n);
	if (n >= spec->arg_cnt)
		return __USDT_NO_ARGUMENT;
	arg = &spec->args[n];
	if (arg->arg_type == BPF_USDT_ARG_CONST) {
		value = arg->val_off;
	} else {
		failed = bpf_probe_read_kernel(&value, sizeof(value), (void *)ctx + arg->reg_off);
		if (failed)
			return failed;
		if (arg->arg_type == BPF_USDT_ARG_SIB) {
			failed = bpf_probe_read_kernel(&index, sizeof(index), (void *)ctx + arg->idx_reg_off);
			if (failed)
				return failed;
			value += index << arg->scale_bitshift;
		}
		if (arg->arg_type != BPF_USDT_ARG_REG) {
			failed = bpf_probe_read_user(&value, sizeof(value), (void *)(value + arg->val_off));
			if (failed)
				return failed;
		}
	}
	/* Narrow arguments are cut to their width, and their sign is kept. */
	value <<= arg->arg_bitshift;
	*res = arg->arg_signed ? (long)value >> arg->arg_bitshift : (long)(value >> arg->arg_bitshift);
	return 0;
}

__weak __hidden long bpf_usdt_cookie(struct pt_regs *ctx)
{
	struct __bpf_usdt_spec *spec = __bpf_usdt_spec_of(ctx);

	return spec ? spec->usdt_cookie : 0;
}

#define __usdt_value(n)                    \
	, ({                               \
		long __value;              \
		bpf_usdt_arg(ctx, n, &__value); \
		(void *)__value;           \
	})
#define __usdt_values_0(...)
#define __usdt_values_1(...) __usdt_value(0)
#define __usdt_values_2(...) __usdt_values_1() __usdt_value(1)
#define __usdt_values_3(...) __usdt_values_2() __usdt_value(2)
#define __usdt_values_4(...) __usdt_values_3() __usdt_value(3)
#define __usdt_values_5(...) __usdt_values_4() __usdt_value(4)
#define __usdt_values_6(...) __usdt_values_5() __usdt_value(5)
#define __usdt_values_7(...) __usdt_values_6() __usdt_value(6)
#define __usdt_values_8(...) __usdt_values_7() __usdt_value(7)
#define __usdt_values_9(...) __usdt_values_8() __usdt_value(8)
#define __usdt_values_10(...) __usdt_values_9() __usdt_value(9)
#define __usdt_values_11(...) __usdt_values_10() __usdt_value(10)
#define __usdt_values_12(...) __usdt_values_11() __usdt_value(11)
#define __usdt_values(args...) ___bpf_apply(__usdt_values_, ___bpf_narg(args))(args)

#ifndef BPF_USDT
#define BPF_USDT(name, args...) __interleave_probe(name, __usdt_values, ##args)
#endif

#endif
