/*
 * Reading fields of kernel structs by name: the loader puts in where the running kernel keeps them (CO-RE, Documentation
 * of libbpf; the builtins are clang's).
 */
#ifndef INTERLEAVE_BPF_CORE_READ_H
#define INTERLEAVE_BPF_CORE_READ_H

#include <bpf/bpf_helpers.h>

enum bpf_field_info_kind {
	BPF_FIELD_BYTE_OFFSET = 0,
	BPF_FIELD_BYTE_SIZE = 1,
	BPF_FIELD_EXISTS = 2,
	BPF_FIELD_SIGNED = 3,
	BPF_FIELD_LSHIFT_U64 = 4,
	BPF_FIELD_RSHIFT_U64 = 5,
};

/* What the builtins about types and constants are asked for. */
enum bpf_type_id_kind {
	BPF_TYPE_ID_LOCAL = 0,
	BPF_TYPE_ID_TARGET = 1,
};
enum bpf_type_info_kind {
	BPF_TYPE_EXISTS = 0,
	BPF_TYPE_SIZE = 1,
	BPF_TYPE_MATCHES = 2,
};
enum bpf_enum_value_kind {
	BPF_ENUMVAL_EXISTS = 0,
	BPF_ENUMVAL_VALUE = 1,
};

/* A field as an expression, `pointer->field`, or as a type and a name. */
#define __core_field_of(type, field) (((typeof(type) *)0)->field)
#define __core_field_1(field) field
#define __core_field_2(type, field) __core_field_of(type, field)
#define __core_field_pick(_1, _2, name, ...) name
#define __core_field(...) __core_field_pick(__VA_ARGS__, __core_field_2, __core_field_1)(__VA_ARGS__)

#define bpf_core_field_exists(field...) __builtin_preserve_field_info(__core_field(field), BPF_FIELD_EXISTS)
#define bpf_core_field_size(field...) __builtin_preserve_field_info(__core_field(field), BPF_FIELD_BYTE_SIZE)
#define bpf_core_field_offset(field...) __builtin_preserve_field_info(__core_field(field), BPF_FIELD_BYTE_OFFSET)
#define bpf_core_type_exists(type) __builtin_preserve_type_info(*(typeof(type) *)0, 0)
#define bpf_core_type_size(type) __builtin_preserve_type_info(*(typeof(type) *)0, 1)
#define bpf_core_type_matches(type) __builtin_preserve_type_info(*(typeof(type) *)0, 2)
#define bpf_core_type_id_local(type) __builtin_btf_type_id(*(typeof(type) *)0, 0)
#define bpf_core_type_id_kernel(type) __builtin_btf_type_id(*(typeof(type) *)0, 1)
#define bpf_core_enum_value_exists(type, value) __builtin_preserve_enum_value(*(typeof(type) *)value, 0)
#define bpf_core_enum_value(type, value) __builtin_preserve_enum_value(*(typeof(type) *)value, 1)

#define bpf_core_read(to, bytes, from) \
	bpf_probe_read_kernel(to, bytes, (const void *)__builtin_preserve_access_index(from))
#define bpf_core_read_user(to, bytes, from) \
	bpf_probe_read_user(to, bytes, (const void *)__builtin_preserve_access_index(from))
#define bpf_core_read_str(to, bytes, from) \
	bpf_probe_read_kernel_str(to, bytes, (const void *)__builtin_preserve_access_index(from))
#define bpf_core_read_user_str(to, bytes, from) \
	bpf_probe_read_user_str(to, bytes, (const void *)__builtin_preserve_access_index(from))
#define bpf_core_cast(pointer, type) \
	((typeof(type) *)bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(type)))

/* One step along a chain of pointers: what `field` of the struct at `from` holds. */
#define __core_step(read, from, field)                                       \
	({                                                                   \
		__auto_type __at = (from);                                   \
		typeof(__at->field) __found;                                 \
		read((void *)&__found, sizeof(__found), &__at->field);       \
		__found;                                                     \
	})
#define __core_chain_1(read, from, a) __core_step(read, from, a)
#define __core_chain_2(read, from, a, b) __core_chain_1(read, __core_step(read, from, a), b)
#define __core_chain_3(read, from, a, b, c) __core_chain_2(read, __core_step(read, from, a), b, c)
#define __core_chain_4(read, from, a, b, c, d) __core_chain_3(read, __core_step(read, from, a), b, c, d)
#define __core_chain_5(read, from, a, b, c, d, e) __core_chain_4(read, __core_step(read, from, a), b, c, d, e)
#define __core_chain_6(read, from, a, b, c, d, e, f) __core_chain_5(read, __core_step(read, from, a), b, c, d, e, f)
#define __core_chain_7(read, from, a, b, c, d, e, f, g) __core_chain_6(read, __core_step(read, from, a), b, c, d, e, f, g)
#define __core_chain_8(read, from, a, b, c, d, e, f, g, h) __core_chain_7(read, __core_step(read, from, a), b, c, d, e, f, g, h)
#define __core_chain_9(read, from, a, b, c, d, e, f, g, h, i) __core_chain_8(read, __core_step(read, from, a), b, c, d, e, f, g, h, i)
#define __core_chain_pick(_1, _2, _3, _4, _5, _6, _7, _8, _9, name, ...) name
#define __core_chain(read, from, ...)                                                                       \
	__core_chain_pick(__VA_ARGS__, __core_chain_9, __core_chain_8, __core_chain_7, __core_chain_6, __core_chain_5, __core_chain_4, __core_chain_3, __core_chain_2, __core_chain_1) \
	(read, from, __VA_ARGS__)

/* Last step into memory of the listing's own. */
#define __core_into(last, read, to, from, field)                             \
	({                                                                   \
		__auto_type __at = (from);                                   \
		last((void *)(to), sizeof(*(to)), &__at->field);             \
	})
#define __core_into_1(last, read, to, from, a) __core_into(last, read, to, from, a)
#define __core_into_2(last, read, to, from, a, b) __core_into_1(last, read, to, __core_step(read, from, a), b)
#define __core_into_3(last, read, to, from, a, b, c) __core_into_2(last, read, to, __core_step(read, from, a), b, c)
#define __core_into_4(last, read, to, from, a, b, c, d) __core_into_3(last, read, to, __core_step(read, from, a), b, c, d)
#define __core_into_5(last, read, to, from, a, b, c, d, e) __core_into_4(last, read, to, __core_step(read, from, a), b, c, d, e)
#define __core_into_6(last, read, to, from, a, b, c, d, e, f) __core_into_5(last, read, to, __core_step(read, from, a), b, c, d, e, f)
#define __core_into_7(last, read, to, from, a, b, c, d, e, f, g) __core_into_6(last, read, to, __core_step(read, from, a), b, c, d, e, f, g)
#define __core_into_8(last, read, to, from, a, b, c, d, e, f, g, h) __core_into_7(last, read, to, __core_step(read, from, a), b, c, d, e, f, g, h)
#define __core_into_9(last, read, to, from, a, b, c, d, e, f, g, h, i) __core_into_8(last, read, to, __core_step(read, from, a), b, c, d, e, f, g, h, i)
#define __core_into_any(last, read, to, from, ...)                                                             \
	__core_chain_pick(__VA_ARGS__, __core_into_9, __core_into_8, __core_into_7, __core_into_6, __core_into_5, __core_into_4, __core_into_3, __core_into_2, __core_into_1) \
	(last, read, to, from, __VA_ARGS__)

/* `a->b->c` of a list of names, and its type, by the names that libbpf has for them: macros of projects are made of these. */
#ifndef ___arrow
#define __core_arrow_1(from, a) (from)->a
#define __core_arrow_2(from, a, b) __core_arrow_1(from, a)->b
#define __core_arrow_3(from, a, b, c) __core_arrow_2(from, a, b)->c
#define __core_arrow_4(from, a, b, c, d) __core_arrow_3(from, a, b, c)->d
#define __core_arrow_5(from, a, b, c, d, e) __core_arrow_4(from, a, b, c, d)->e
#define __core_arrow_6(from, a, b, c, d, e, f) __core_arrow_5(from, a, b, c, d, e)->f
#define __core_arrow_7(from, a, b, c, d, e, f, g) __core_arrow_6(from, a, b, c, d, e, f)->g
#define __core_arrow_8(from, a, b, c, d, e, f, g, h) __core_arrow_7(from, a, b, c, d, e, f, g)->h
#define __core_arrow_9(from, a, b, c, d, e, f, g, h, i) __core_arrow_8(from, a, b, c, d, e, f, g, h)->i
#define ___arrow(from, ...)                                                                                     \
	__core_chain_pick(__VA_ARGS__, __core_arrow_9, __core_arrow_8, __core_arrow_7, __core_arrow_6, __core_arrow_5, __core_arrow_4, __core_arrow_3, __core_arrow_2, __core_arrow_1) \
	(from, __VA_ARGS__)
#define ___type(...) typeof(___arrow(__VA_ARGS__))
#define ___core_read(last, read, to, from, ...) __core_into_any(last, read, to, from, __VA_ARGS__)
#endif

#define __core_plain_read(to, bytes, from) bpf_probe_read_kernel(to, bytes, (const void *)(from))
#define __core_plain_read_user(to, bytes, from) bpf_probe_read_user(to, bytes, (const void *)(from))
#define __core_plain_read_str(to, bytes, from) bpf_probe_read_kernel_str(to, bytes, (const void *)(from))

/* `BPF_CORE_READ(task, real_parent, tgid)`: follows pointers, at most nine fields. */
#define BPF_CORE_READ(from, ...) __core_chain(bpf_core_read, from, __VA_ARGS__)
#define BPF_CORE_READ_USER(from, ...) __core_chain(bpf_core_read_user, from, __VA_ARGS__)
#define BPF_CORE_READ_INTO(to, from, ...) __core_into_any(bpf_core_read, bpf_core_read, to, from, __VA_ARGS__)
#define BPF_CORE_READ_USER_INTO(to, from, ...) \
	__core_into_any(bpf_core_read_user, bpf_core_read_user, to, from, __VA_ARGS__)
#define BPF_CORE_READ_STR_INTO(to, from, ...) __core_into_any(bpf_core_read_str, bpf_core_read, to, from, __VA_ARGS__)
#define BPF_CORE_READ_USER_STR_INTO(to, from, ...) \
	__core_into_any(bpf_core_read_user_str, bpf_core_read_user, to, from, __VA_ARGS__)
/* The same with the layout of the listing's own structs. */
#define BPF_PROBE_READ(from, ...) __core_chain(__core_plain_read, from, __VA_ARGS__)
#define BPF_PROBE_READ_USER(from, ...) __core_chain(__core_plain_read_user, from, __VA_ARGS__)
#define BPF_PROBE_READ_INTO(to, from, ...) __core_into_any(__core_plain_read, __core_plain_read, to, from, __VA_ARGS__)
#define BPF_PROBE_READ_STR_INTO(to, from, ...) \
	__core_into_any(__core_plain_read_str, __core_plain_read, to, from, __VA_ARGS__)

/* A bit field, wherever the kernel keeps it. */
#define __core_bits(word, from, field)                                                               \
	({                                                                                           \
		__u64 __bits = (word) << __builtin_preserve_field_info((from)->field, BPF_FIELD_LSHIFT_U64); \
		__u32 __shift = __builtin_preserve_field_info((from)->field, BPF_FIELD_RSHIFT_U64);  \
		__builtin_preserve_field_info((from)->field, BPF_FIELD_SIGNED)                       \
			? (__u64)((__s64)__bits >> __shift)                                          \
			: __bits >> __shift;                                                         \
	})
#define BPF_CORE_READ_BITFIELD_PROBED(from, field)                                                   \
	({                                                                                           \
		__u64 __word = 0;                                                                    \
		bpf_probe_read_kernel(&__word, __builtin_preserve_field_info((from)->field, BPF_FIELD_BYTE_SIZE), \
				      (const void *)(from) +                                         \
					      __builtin_preserve_field_info((from)->field, BPF_FIELD_BYTE_OFFSET)); \
		__core_bits(__word, from, field);                                                    \
	})
#define BPF_CORE_READ_BITFIELD(from, field)                                                          \
	({                                                                                           \
		const void *__place = (const void *)(from) +                                         \
				      __builtin_preserve_field_info((from)->field, BPF_FIELD_BYTE_OFFSET); \
		__u64 __word = 0;                                                                    \
		switch (__builtin_preserve_field_info((from)->field, BPF_FIELD_BYTE_SIZE)) {         \
		case 1:                                                                              \
			__word = *(const __u8 *)__place;                                             \
			break;                                                                       \
		case 2:                                                                              \
			__word = *(const __u16 *)__place;                                            \
			break;                                                                       \
		case 4:                                                                              \
			__word = *(const __u32 *)__place;                                            \
			break;                                                                       \
		case 8:                                                                              \
			__word = *(const __u64 *)__place;                                            \
			break;                                                                       \
		}                                                                                    \
		__core_bits(__word, from, field);                                                    \
	})

#define BPF_CORE_WRITE_BITFIELD(to, field, new_value)                                                \
	({                                                                                           \
		void *__place = (void *)(to) + __builtin_preserve_field_info((to)->field, BPF_FIELD_BYTE_OFFSET); \
		__u32 __bytes = __builtin_preserve_field_info((to)->field, BPF_FIELD_BYTE_SIZE);     \
		__u32 __left = __builtin_preserve_field_info((to)->field, BPF_FIELD_LSHIFT_U64);     \
		__u32 __right = __builtin_preserve_field_info((to)->field, BPF_FIELD_RSHIFT_U64);    \
		__u64 __mask = (~0ULL << __right) >> __left;                                         \
		__u64 __bits = ((__u64)(new_value) << __right) >> __left;                            \
		switch (__bytes) {                                                                   \
		case 1:                                                                              \
			*(__u8 *)__place = (*(__u8 *)__place & ~__mask) | __bits;                    \
			break;                                                                       \
		case 2:                                                                              \
			*(__u16 *)__place = (*(__u16 *)__place & ~__mask) | __bits;                  \
			break;                                                                       \
		case 4:                                                                              \
			*(__u32 *)__place = (*(__u32 *)__place & ~__mask) | __bits;                  \
			break;                                                                       \
		case 8:                                                                              \
			*(__u64 *)__place = (*(__u64 *)__place & ~__mask) | __bits;                  \
			break;                                                                       \
		}                                                                                    \
	})

#endif
