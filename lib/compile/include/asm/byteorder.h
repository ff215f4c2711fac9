/* BPF objects here are little-endian; conversions come with <bpf/bpf_endian.h>. */
#ifndef INTERLEAVE_ASM_BYTEORDER_H
#define INTERLEAVE_ASM_BYTEORDER_H

#include <linux/types.h>

#ifndef __LITTLE_ENDIAN
#define __LITTLE_ENDIAN 1234
#endif
#define __LITTLE_ENDIAN_BITFIELD
#define __constant_cpu_to_be16(x) ((__be16)__builtin_bswap16(x))
#define __constant_cpu_to_be32(x) ((__be32)__builtin_bswap32(x))
#define __constant_htons(x) ((__be16)__builtin_bswap16(x))
#define __constant_ntohs(x) ((__u16)__builtin_bswap16(x))
#define __constant_htonl(x) ((__be32)__builtin_bswap32(x))
#define __constant_ntohl(x) ((__u32)__builtin_bswap32(x))
#define __cpu_to_be16(x) ((__be16)__builtin_bswap16(x))
#define __be16_to_cpu(x) ((__u16)__builtin_bswap16(x))
#define __cpu_to_be32(x) ((__be32)__builtin_bswap32(x))
#define __be32_to_cpu(x) ((__u32)__builtin_bswap32(x))
#define __cpu_to_be64(x) ((__be64)__builtin_bswap64(x))
#define __be64_to_cpu(x) ((__u64)__builtin_bswap64(x))

#endif
