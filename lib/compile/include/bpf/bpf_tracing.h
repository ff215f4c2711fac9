/* BPF_PROG(name, args...): the arguments of a tracepoint out of the context's array of 64-bit words. */
#ifndef INTERLEAVE_BPF_TRACING_H
#define INTERLEAVE_BPF_TRACING_H

#define INTERLEAVE_ARGS_0(...)
#define INTERLEAVE_ARGS_1(...) , (void *)ctx[0]
#define INTERLEAVE_ARGS_2(...) INTERLEAVE_ARGS_1(), (void *)ctx[1]
#define INTERLEAVE_ARGS_3(...) INTERLEAVE_ARGS_2(), (void *)ctx[2]
#define INTERLEAVE_ARGS_4(...) INTERLEAVE_ARGS_3(), (void *)ctx[3]
#define INTERLEAVE_ARGS_5(...) INTERLEAVE_ARGS_4(), (void *)ctx[4]
#define INTERLEAVE_ARGS_6(...) INTERLEAVE_ARGS_5(), (void *)ctx[5]
#define INTERLEAVE_PICK(_0, _1, _2, _3, _4, _5, _6, name, ...) name
#define INTERLEAVE_ARGS(...)                                                                                  \
	INTERLEAVE_PICK(_0, ##__VA_ARGS__, INTERLEAVE_ARGS_6, INTERLEAVE_ARGS_5, INTERLEAVE_ARGS_4,           \
			INTERLEAVE_ARGS_3, INTERLEAVE_ARGS_2, INTERLEAVE_ARGS_1, INTERLEAVE_ARGS_0)(__VA_ARGS__)

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

#endif
