/*
 * Writes what the running kernel's JIT makes of every arithmetic, jump and atomic instruction at edge values:
 *
 *     gcc -O1 -o vectors tests/cpu/data/vectors.c && sudo ./vectors > tests/cpu/data/vectors.txt
 *
 * Each instruction is a BPF_PROG_TYPE_SYSCALL program of its own that is only test-run (BPF_PROG_TEST_RUN); operands
 * come from its context, so that neither compiler nor verifier knows them. Nothing is attached.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

typedef unsigned long long u64;

static const u64 VALUES[] = {
	0, 1, 33, 0x7fffffff, 0x80000000, 0xffffffff, 0x123456789abcdef,
	0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
};
static const int IMMEDIATES[] = { 0, 1, 5, 31, 63, -1, 0x7fffffff, (int)0x80000000 };
#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

struct context { u64 dst, src, r0, mem, taken; };

static struct bpf_insn insn(int code, int dst, int src, int off, int imm)
{
	return (struct bpf_insn){ .code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm };
}

static int load(struct bpf_insn *insns, int n)
{
	static char log[65536];
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SYSCALL;
	attr.insns = (u64)insns;
	attr.insn_cnt = n;
	attr.license = (u64) "GPL";
	attr.prog_flags = BPF_F_SLEEPABLE;
	attr.log_buf = (u64)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	int fd = syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0 && getenv("VERBOSE"))
		fprintf(stderr, "refused: %s\n", log);
	return fd;
}

static void run(int fd, struct context *ctx)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = fd;
	attr.test.ctx_in = (u64)ctx;
	attr.test.ctx_size_in = sizeof(*ctx);
	if (syscall(__NR_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) < 0) {
		perror("BPF_PROG_TEST_RUN");
		exit(1);
	}
}

/* r6 = ctx, r7 = dst, r8 = src, r0, [r10-8] = mem; then the instruction; then everything back. */
static int prepare(struct bpf_insn tested, int is_jump)
{
	struct bpf_insn p[32];
	int n = 0;

	p[n++] = insn(0xbf, 6, 1, 0, 0);
	p[n++] = insn(0x79, 7, 6, 0, 0);
	p[n++] = insn(0x79, 8, 6, 8, 0);
	p[n++] = insn(0x79, 0, 6, 16, 0);
	p[n++] = insn(0x79, 1, 6, 24, 0);
	p[n++] = insn(0x7b, 10, 1, -8, 0);
	p[n++] = insn(0xb7, 2, 0, 0, 1);
	p[n++] = tested;
	if (is_jump)
		p[n++] = insn(0xb7, 2, 0, 0, 0);
	p[n++] = insn(0x7b, 6, 7, 0, 0);
	p[n++] = insn(0x7b, 6, 8, 8, 0);
	p[n++] = insn(0x7b, 6, 0, 16, 0);
	p[n++] = insn(0x79, 1, 10, -8, 0);
	p[n++] = insn(0x7b, 6, 1, 24, 0);
	p[n++] = insn(0x7b, 6, 2, 32, 0);
	p[n++] = insn(0xb7, 0, 0, 0, 0);
	p[n++] = insn(0x95, 0, 0, 0, 0);
	return load(p, n);
}

static void alu(int code, int off, int imm, int unary)
{
	int by_register = (code & 8) && (code & 0xf0) != 0xd0;
	int fd = prepare(insn(code, 7, by_register ? 8 : 0, off, imm), 0);

	if (fd < 0)
		return;
	printf("alu %02x %d %d :", code, off, imm);
	for (int i = 0; i < N(VALUES); i++)
		for (int j = 0; j < (by_register && !unary ? N(VALUES) : 1); j++) {
			struct context c = { .dst = VALUES[i], .src = unary ? VALUES[i] : VALUES[j] };
			run(fd, &c);
			printf(" %llx", c.dst);
		}
	printf("\n");
	close(fd);
}

static void jump(int code, int imm)
{
	int fd = prepare(insn(code, 7, code & 8 ? 8 : 0, 1, imm), 1);

	if (fd < 0)
		return;
	printf("jump %02x %d :", code, imm);
	for (int i = 0; i < N(VALUES); i++)
		for (int j = 0; j < (code & 8 ? N(VALUES) : 1); j++) {
			struct context c = { .dst = VALUES[i], .src = VALUES[j] };
			run(fd, &c);
			printf(" %llu", c.taken);
		}
	printf("\n");
	close(fd);
}

static void atomic(int code, int imm)
{
	static const int PICK[] = { 0, 1, 5, 6, 8 };
	int is_load = imm == 0x100;
	int fd = prepare(is_load ? insn(code, 8, 10, -8, imm) : insn(code, 10, 8, -8, imm), 0);

	if (fd < 0)
		return;
	printf("atomic %02x %d :", code, imm);
	for (int i = 0; i < N(PICK); i++)
		for (int j = 0; j < N(PICK); j++)
			for (int k = 0; k < (imm == 0xf1 ? N(PICK) : 1); k++) {
				struct context c = { .mem = VALUES[PICK[i]], .src = VALUES[PICK[j]], .r0 = VALUES[PICK[k]] };
				run(fd, &c);
				printf(" %llx,%llx,%llx", c.mem, c.src, c.r0);
			}
	printf("\n");
	close(fd);
}

int main(void)
{
	static const int BINARY[] = { 0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0, 0xb0, 0xc0 };
	static const int SIZES[] = { 0xd0, 0xc8, 0xc0, 0xd8 };
	struct utsname u;

	uname(&u);
	printf("# Made by vectors.c on Linux %s %s; see there for the programs, and vectors_test.ts for the format.\n",
	       u.release, u.machine);
	for (int cls = 4; cls <= 7; cls += 3) {
		for (int i = 0; i < N(BINARY); i++) {
			int may_be_signed = BINARY[i] == 0x30 || BINARY[i] == 0x90;
			for (int off = 0; off <= may_be_signed; off++) {
				alu(BINARY[i] | cls | 8, off, 0, 0);
				for (int k = 0; k < N(IMMEDIATES); k++)
					alu(BINARY[i] | cls, off, IMMEDIATES[k], 0);
			}
		}
		alu(0x80 | cls, 0, 0, 0);
		for (int bits = 8; bits <= 32; bits *= 2)
			alu(0xb8 | cls, bits, 0, 1);
		for (int bits = 16; bits <= 64; bits *= 2) {
			alu(0xd0 | cls, 0, bits, 0);
			if (cls == 4)
				alu(0xd8 | cls, 0, bits, 0);
		}
	}
	for (int cls = 5; cls <= 6; cls++)
		for (int op = 0x10; op <= 0xd0; op += 0x10) {
			if (op == 0x80 || op == 0x90)
				continue;
			jump(op | cls | 8, 0);
			for (int k = 0; k < N(IMMEDIATES); k++)
				jump(op | cls, IMMEDIATES[k]);
		}
	for (int s = 0; s < 4; s++) {
		static const int OPS[] = { 0, 0x40, 0x50, 0xa0, 1, 0x41, 0x51, 0xa1, 0xe1, 0xf1, 0x100, 0x110 };
		for (int i = 0; i < N(OPS); i++)
			atomic(SIZES[s] | 3, OPS[i]);
	}
	return 0;
}
