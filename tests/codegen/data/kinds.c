// What an object can hold: each kind of symbol, section, relocation and type once.
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct element { struct bpf_list_node link; u64 key; };
struct inner_map { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } inner SEC(".maps");
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct mm_struct;
struct task_struct { int pid; unsigned int flags; struct task_struct *real_parent; struct mm_struct *mm; };
#pragma clang attribute pop

struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 2); __type(key, u32); __array(values, struct inner_map); }
	outer SEC(".maps") = { .values = { [1] = &inner } };
struct shared { struct bpf_spin_lock lock; struct bpf_list_head head __contains(element, link); u64 *unused; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct shared); } shared SEC(".maps");
int tail(void *ctx);
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 2); __uint(key_size, 4); __array(values, int (void *)); }
	programs SEC(".maps") = { .values = { [0] = (void *)&tail } };

enum wide { SMALL = 1, LARGE = 0x123456789abcdef0 };
enum small { MINUS = -1, PLUS };
struct flags { u32 low : 3; s32 mid : 7; u64 wide : 40; };
union both { u64 number; struct { u32 low, high; }; };
struct __attribute__((packed)) odd { u8 first; u64 second; };
typedef int (*callback)(u32 index, void *ctx);

extern int CONFIG_HZ __kconfig __weak;
extern void bpf_rcu_read_lock(void) __ksym;
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
extern const void vmlinux_symbol __ksym __weak;

/* Reached by a pointer of a member alone; and by one first, then by value. */
struct far { int unseen; };
struct near { struct far *far; } near;
struct late { int a; };
typedef struct late late_t;
struct by_pointer { late_t *pointer; } by_pointer;
struct by_value { late_t value; } by_value;

u64 zero, set = 7;
u32 list[4] = { 1 };
u32 *into = &list[2];
static u32 hidden_zero;
static volatile s16 hidden_set = -2;
const volatile bool option;
static const int table[5] = { 1, -2, 3, -4, 5 };
static const u64 pair[2] = { 1ull << 40, 2 };
int grid[3][4];
enum wide choice = LARGE;
enum small sign = MINUS;
struct flags bits = { 1, -2, 3 };
union both either;
struct odd packed = { 1, 2 };
u32 *pointer = (u32 *)&set;
u32 __attribute__((weak)) overridable = 3;
__attribute__((visibility("hidden"))) u32 concealed = 4;
char name[] SEC(".data.named") = "named";

static int each(u32 index, u64 *sum) { *sum += table[index % 5] + pair[index & 1]; return 0; }
static __noinline int subtract(int a, int b) { hidden_zero += a; return a - b; }
__noinline int multiply(u32 a, const u32 b __attribute__((btf_decl_tag("factor")))) { return a * b + hidden_set; }
__attribute__((visibility("hidden"))) __noinline int concealed_function(int a) { return a / 3u; }

SEC("tc") int tail(void *ctx)
{
	static const char format[] = "%d of %s";
	u64 sum = 0;
	bpf_probe_read_kernel(&list[1], 4, ctx);
	bpf_loop(5, each, &sum, 0);
	bpf_trace_printk(format, sizeof(format), (int)sum);
	zero = sum + grid[1][hidden_zero & 3];
	return subtract(zero, CONFIG_HZ) + multiply(zero, set) + concealed_function(zero);
}

SEC("?tp_btf/sys_enter") int follow(u64 *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	u32 key = 0;
	struct shared *value = bpf_map_lookup_elem(&shared, &key);
	bpf_tail_call(ctx, &programs, 0);
	if (value) bpf_printk("%d", BPF_CORE_READ(task, real_parent, pid));
	bits.mid = task->pid;
	either.high += bpf_core_field_exists(task->flags) + bpf_core_type_id_local(struct element) + packed.second;
	if (bpf_core_enum_value_exists(enum bpf_map_type, BPF_MAP_TYPE_ARRAY)) overridable += concealed + option + sign + (int)choice;
	if (&vmlinux_symbol) *pointer += name[zero & 3];
	bpf_rcu_read_lock();
	return bpf_map_lookup_elem(&outer, &key) != 0 && bpf_task_from_pid;
}

char LICENSE[] SEC("license") = "GPL";
