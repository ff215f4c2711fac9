/** The verifier's rules in plain words, by the message that tells of a breach. */
import { otherProgramType, sleepableSection } from "./other_program_type.ts";
import { t, translated } from "../words/translation.ts";

export interface Rule {
  readonly message: RegExp;
  /** Only where the instruction that is refused takes a lock. */
  readonly isLock?: true;
  readonly rule: string;
  readonly claim?: { readonly number: string; readonly text: string };
  /** What to do; where it depends on the program type, by the name in SEC(). */
  readonly fix: string | ((section: string) => string);
}

/** Claims of the document, in our words, as far as rules of the verifier decide them. */
const CLAIM = {
  atomicSizes: {
    number: "1.14",
    text:
      "atomics are said to work on 1, 2, 4 and 8 bytes; only load-acquire and store-release do, the rest on 4 and 8",
  },
  lockPlace: {
    number: "2.3",
    text: "the lock is said to stand first in the value; anywhere will do, aligned, one per value, described by BTF",
  },
  anything: { number: "2.5", text: "between lock and unlock you are said to be free; calls of helpers are refused" },
  released: { number: "2.7", text: "a path that keeps the lock makes the verifier refuse the program: true" },
  several: { number: "2.8", text: "several locks are advised against; with bpf_spin_lock they are impossible" },
  types: { number: "2.9", text: "not every program type may use bpf_spin_lock: true" },
  maps: { number: "2.11", text: "only hash, array and local storage maps may hold a lock" },
  swap: { number: "5.3", text: "the BPF program looks the inner map up; it cannot swap it, user space does" },
  copy: { number: "4.2", text: "the value is copied to the stack; the stack has 512 bytes, over all frames" },
} as const;

const RELEASE = "Release it on every path: unlock before each return, or leave through one exit.";
const NULL_CHECK = "Compare the pointer with NULL, and use it only on the path where it is not.";

/** A message is told by the first rule that matches it: special ones stand before general ones. */
export const RULES: readonly Rule[] = translated([
  {
    message: /not supported by Interleave/,
    rule: "The kernel may well accept this: Interleave does not know this part of it, and says so.",
    fix: "Ask the running kernel: linuxVerify(object).",
  },
  {
    message: /(rcu_read_lock|preempt_disable|local_irq_save)-ed region|unmatched (rcu|attempt)|nested rcu read lock/,
    rule:
      "A section without sleep, preemption or interrupts begins and ends in the same program, and RCU sections do not nest.",
    fix: "End the section on every path, once, and before a tail call.",
  },
  {
    message: /irq state out of order|initialized irq flag/,
    rule: "Interrupts are given back with the flags that were saved, the last ones saved first.",
    fix: "Keep each unsigned long for one pair of calls, and pair them like brackets.",
  },
  {
    message: /doesn't have constant offset/,
    rule: "Which lock, timer or pointer of a value is meant must be plain: no index may choose it.",
    claim: CLAIM.lockPlace,
    fix: "Choose the map element by its key instead.",
  },
  {
    message: /cannot be used inside bpf_spin_lock-ed region/,
    rule: "A lock that was taken must be given back on every path before the program ends or calls another one.",
    claim: CLAIM.released,
    fix: RELEASE,
  },
  {
    message: /global function calls are not allowed while holding a lock/,
    rule: "A global function is verified on its own, so that nobody knows there that a lock is held.",
    claim: CLAIM.anything,
    fix: "Make the function static, or call it before the lock or after the unlock.",
  },
  {
    message: /function calls are not allowed while holding a lock|Locking two bpf_spin_locks/,
    isLock: true,
    rule: "One bpf_spin_lock at a time: while it is held no second one can be taken.",
    claim: CLAIM.several,
    fix: "Take the second lock after the first is released, or use bpf_res_spin_lock, which may be nested.",
  },
  {
    message: /function calls are not allowed while holding a lock/,
    rule: "While a lock is held only its unlock, static functions, loops and plain or atomic accesses are allowed.",
    claim: CLAIM.anything,
    fix: "Call helpers before the lock or after the unlock.",
  },
  {
    message: /spin_unlock without taking a lock/,
    rule: "Only a lock that is held can be released; where taking it can fail, its result must be looked at first.",
    claim: CLAIM.released,
    fix: "Take the lock on this path, or do not release it; check what bpf_res_spin_lock returns.",
  },
  {
    message: /spin_unlock of different lock/,
    rule: "A lock is known by the lookup that its pointer came from: two lookups are two locks, even of one key.",
    claim: CLAIM.several,
    fix: "Release through the same pointer that took the lock.",
  },
  {
    message: /spin_unlock cannot be out of order|AA deadlock/,
    rule: "Locks nest: the last one taken is the first released, and none is taken twice.",
    claim: CLAIM.several,
    fix: "Release in the opposite order.",
  },
  {
    message: /(tracing|socket filter) progs cannot use bpf_spin_lock/,
    rule: "Programs that may run in any context, even in the middle of the lock itself, may not hold it.",
    claim: CLAIM.types,
    fix: (section) => {
      const other = otherProgramType(section);
      return other
        ? t`Use atomics, a per-CPU map, or another program type: ${other}.`
        : t`Use atomics, or a per-CPU map.`;
    },
  },
  {
    message: /tracing progs cannot use bpf_/,
    rule: "Programs that may run in any context may not use maps with timers, work queues, lists or trees.",
    fix: (section) => {
      const other = otherProgramType(section);
      return t`Use that map in a program of another type: ${other ?? "tc, syscall or tp_btf, for another event"}.`;
    },
  },
  {
    message: /has to have BTF in order to use bpf_(res_)?spin_lock/,
    rule: "The kernel finds the lock by BTF, and only in map types that can hold one.",
    claim: CLAIM.maps,
    fix: "Declare the value with __type(value, struct ...), in a hash, array or local storage map, with one lock.",
  },
  {
    message: /has no valid bpf_(res_)?spin_lock|doesn't point to 'struct bpf_(res_)?spin_lock'/,
    rule: "Only a field whose type is struct bpf_spin_lock, at its own place in the value, can be locked.",
    claim: CLAIM.lockPlace,
    fix: "Give the value one struct bpf_spin_lock, outside of arrays and unions, and pass its address.",
  },
  {
    message: /spin_lock cannot be accessed directly/,
    rule: "The word of a lock may be touched by no load, store, copy or helper; only lock and unlock change it.",
    claim: CLAIM.lockPlace,
    fix: "Copy the other fields one by one; the kernel leaves the lock out of whole values itself.",
  },
  {
    message: /type=map_value_or_null expected=map_ptr/,
    rule: "A slot of a map of maps may be empty.",
    claim: CLAIM.swap,
    fix: "Compare the inner map with NULL before it is used.",
  },
  {
    message: /type=\w*_or_null expected=|invalid mem access '\w*_or_null\w*'|Possibly NULL pointer|null-check it first/,
    rule: "A lookup may find nothing: its result is a pointer only after it was compared with NULL.",
    fix: NULL_CHECK,
  },
  {
    message: /expected=map_value, ptr_|point to map value or allocated object/,
    rule: "A lock lives in a map value (or an allocated object), where every CPU finds the same one.",
    claim: CLAIM.lockPlace,
    fix: "Put the lock into the value of a map and look that up.",
  },
  {
    message: /invalid atomic operand size/,
    rule: "Atomic read-modify-write works on 4 and 8 bytes.",
    claim: CLAIM.atomicSizes,
    fix: "Use a 32-bit or 64-bit variable.",
  },
  {
    message: /BPF_ATOMIC (stores into|loads from)/,
    rule: "Atomics need plain memory: the stack, a map value, a global variable; not ctx, packets or sockets.",
    fix: "Work on a map value or a global variable, and copy.",
  },
  {
    message: /^misaligned (?!packet)/,
    rule: "Atomics, and everything on the stack, must lie at a multiple of their size.",
    claim: CLAIM.atomicSizes,
    fix: "Do not pack the struct; put 8-byte fields at multiples of 8.",
  },
  {
    message: /cannot pass map_type 1[23] into func/,
    rule: "A BPF program can look into a map of maps, not change it.",
    claim: CLAIM.swap,
    fix: "Swap the inner map from user space.",
  },
  {
    message: /cannot pass map_type/,
    rule: "Each helper works on some map types only.",
    fix: "Use the helper that belongs to this map type, or another map type.",
  },
  {
    message:
      /min value is negative|unbounded (memory access|min value)|(min|max) value is outside|variable-offset .* stack|pointer be out of bounds/,
    rule: "An index must be proved to lie inside the memory before it is used, at both ends.",
    fix: "Mask it (`i & 7`), or compare it as an unsigned number with the number of elements.",
  },
  {
    message: /offset is outside of the packet/,
    rule: "Packet bytes may be read only as far as a comparison with data_end proved them to be there.",
    fix: "Compare `data + size > data_end` first, and again after every helper that may move the packet.",
  },
  {
    message: /infinite loop detected|too large\. Processed|jumps is too complex/,
    rule: "Every path is followed to its end, over at most a million instructions.",
    fix: "Give the loop a bound that the verifier sees, a smaller one, or use bpf_loop.",
  },
  {
    message: /combined stack size|stack size of subprog|call stack of|invalid.* stack R\d+/,
    rule: "A program has 512 bytes of stack, shared by the frames of nested calls.",
    claim: CLAIM.copy,
    fix: "Keep large values in a per-CPU array map instead.",
  },
  {
    message: /write into map forbidden|read from map forbidden|cannot write into rdonly/,
    rule: "Read-only data and maps created for one direction only stay so.",
    fix: "Write to a map without BPF_F_RDONLY_PROG, or to a variable that is not const.",
  },
  {
    message: /would lead to reference leak/,
    rule: "What was taken (a ring buffer record, a socket, an iterator) must be given back on every path.",
    fix: "Submit, discard, release or destroy it before each return.",
  },
  {
    message: /!read_ok/,
    rule: "A register must be written before it is read; after a call only r0 and r6 to r9 hold anything.",
    fix: "Give the variable a value on every path.",
  },
  {
    message: /program of this type cannot use helper/,
    rule: "Each program type has its own set of helpers.",
    fix: "Use another program type or helper.",
  },
  {
    message: /cannot call GPL-restricted/,
    rule: "Some helpers are for programs under a GPL-compatible licence.",
    fix: 'Declare `char LICENSE[] SEC("license") = "GPL";`.',
  },
  {
    message: /Sleepable programs can only use/,
    rule: "Programs that may sleep use only map types whose values stay while they sleep.",
    fix: (section) => {
      const maps = t`Use a hash, array, ring buffer or local storage map`;
      return /^[^/]*\.s(\/|$)/.test(section) ? t`${maps}, or the section without ".s".` : `${maps}.`;
    },
  },
  {
    message: /might sleep in a non-sleepable prog|program must be sleepable/,
    rule: "Only sleepable programs may sleep.",
    fix: (section) => {
      const own = sleepableSection(section);
      return own
        ? t`Use the section ${own}.`
        : t`Use a section that has a sleepable form (syscall, fentry.s, uprobe.s, iter.s).`;
    },
  },
  {
    message: /might sleep|may sleep|[Ss]leepable/,
    rule: "Only sleepable programs may sleep, and not while a lock, an RCU section or the like is held.",
    fix: "Call it outside of such regions, in a sleepable program (syscall, fentry.s, uprobe.s, iter.s).",
  },
  {
    message: /At callback return/,
    rule: "A callback returns 0 to go on and 1 to stop; that of a timer returns 0.",
    fix: "Return one of these on every path.",
  },
  {
    message: /should have been in \[/,
    rule: "The kernel makes sense of some return values of this program type only.",
    fix: "Return a value in that range on every path.",
  },
  {
    message: /invalid bpf_context access/,
    rule: "Of its context a program may read and write the fields of its type, in their sizes.",
    fix: "Access a field that this program type has, with its own type.",
  },
  {
    message: /missing BPF prog type|failed to find kernel BTF type/,
    rule: "The name in SEC() tells the program type, and for some what it is attached to.",
    fix:
      'Use a section that libbpf knows, for instance SEC("tp_btf/sys_enter") or SEC("xdp"). Since 1.0 it takes no name ' +
      'of your own behind the first word: SEC("tc"), not SEC("classifier/ingress"), which other loaders go on to take.',
  },
  {
    message: /failed to create/,
    rule: "The kernel checks a map's type, sizes and flags when it is created.",
    fix:
      "Look at key and value sizes, max_entries and map_flags for this map type. A size that the listing leaves open " +
      "is given when it is loaded: maps: { NAME: { maxEntries: 64 } }, or --max-entries NAME=64. A ring buffer has no key " +
      "and no value (no __type, which other loaders leave out); a map in map describes its inner maps (__array(values, ...)).",
  },
  {
    message: /bpf_timer|timer pointer/,
    rule: "A timer lives in a hash or array map, is set up with that very map, and is touched by its helpers alone.",
    fix: "Pass the address of the value's struct bpf_timer and the map that the value came from.",
  },
  {
    message: /kptr|rcu pointer|must be referenced|expects refcounted|unacquired reference/,
    rule:
      "A pointer to a kernel object may be kept, or given to the kernel, only while it is sure that the object lives.",
    fix:
      "Acquire it and look whether that worked, or stay inside one bpf_rcu_read_lock section; release what was acquired.",
  },
  {
    message:
      /access beyond struct|doesn't have field|cannot access ptr member|access beyond the end of member|CO-RE relocation|only read (is|from)|invalid (negative access|variable offset)/,
    rule: "Structs of the kernel are read field by field, as its BTF describes them, and never written.",
    fix: "Read one field with its own type; copy arrays with bpf_probe_read_kernel.",
  },
  {
    message: /expected=(ptr_|sock_common)|is of type \w+ but|args#\d+ expected pointer|must point to scalar, or struct/,
    rule: "The kernel takes only pointers of which it knows the type, and that they are alive.",
    fix:
      "Pass what the context or a helper such as bpf_get_current_task_btf gave, not a number or a pointer of pointers.",
  },
  {
    message: /invalid mem access '(scalar|pkt_end|map_ptr)'/,
    rule:
      "Only what the verifier knows to be a pointer to memory can be followed; a number, or a pointer that lost its object, is none.",
    fix: "Look the value up again; read kernel addresses with bpf_probe_read_kernel.",
  },
  {
    message: /calling kernel function .* is not allowed/,
    rule: "Each kernel function is open to some program types only.",
    fix: "Use tp_btf, syscall, tc or XDP for functions on tasks and control groups.",
  },
  {
    message: /cannot call kernel function from non-GPL|Cannot access kernel/,
    rule: "Kernel functions and structs are for programs under a GPL-compatible licence.",
    fix: 'Declare `char LICENSE[] SEC("license") = "GPL";`.',
  },
  {
    message: /Caller passes invalid args/,
    rule: "A global function is checked for every argument of its declared types, and so is each call of it.",
    fix:
      "Pass what the prototype says: a context, a number, or a pointer to memory of that size; or make the function static.",
  },
  {
    message: /zero-sized read/,
    rule: "A helper that reads memory must be given at least one byte.",
    fix: "Compare the size with 0 as well.",
  },
  {
    message: /dynptr/,
    rule: "A dynptr is set up by its helper, once, and only helpers touch it.",
    fix: "Keep it in a variable of its own, and submit or discard it on every path, even where reserving failed.",
  },
  {
    message: /iter_\w+|iterator/,
    rule: "An iterator is new, then next, then destroyed, on every path.",
    fix: "Use bpf_for or bpf_repeat, which do it.",
  },
  {
    message:
      /pointer arithmetic|bitwise operator|pointer \S+ pointer prohibited|pointer prohibited|pointer is read only|modified ctx|variable ctx/,
    rule:
      "Pointers may be moved by numbers of known range, and the context not at all; nothing else can be computed with them.",
    fix: "Compute the index first, bound it, and add it once; name fields of the context.",
  },
  {
    message: /type=\w+ expected=/,
    rule: "Each argument of a helper must be the kind of pointer that it is declared with.",
    fix: "Pass the map itself, or the address of memory that holds something.",
  },
  {
    message: /tail_calls? |expected prog array/,
    rule: "A tail call leaves this program for good: it takes a program array, little stack, and nothing may be held.",
    fix: "Give everything back first, and keep the callers' frames below 256 bytes.",
  },
  {
    message: /access to the packet is not allowed|cannot write into packet|misaligned packet/,
    rule:
      "Packets may be read, written and passed on only by program types and helpers made for it; atomics not at all.",
    fix: "Copy the bytes into a variable first.",
  },
  {
    message: /unreachable insn|jump out of range|last insn/,
    rule: "Every instruction must be reachable, and every path must end in the function that it began in.",
    fix: "Let the function return; no asm may jump elsewhere.",
  },
  {
    message: /must be held for bpf_|held lock and object/,
    rule: "A list or tree may be touched only under the bpf_spin_lock that lies in the same value or section.",
    claim: CLAIM.lockPlace,
    fix: "Put the lock beside the root (one private section, one map value), and take it around the call.",
  },
  {
    message: /direct access to \S+ is disallowed/,
    rule: "Locks, timers, list and tree nodes belong to the kernel: a program touches them through functions only.",
    fix: "Read and write the other fields of the struct one by one.",
  },
  {
    message: /in rbtree cb|cannot be called from callback|in unnecessary rbtree callback/,
    rule:
      "A comparison runs under the tree's lock, and a callback must come back: neither may unlock, remove or throw.",
    fix: "Only compare, or give a number back and decide after the call.",
  },
  {
    message:
      /operation on bpf_(list_head|rb_root) expects|but expected bpf_\w+ at offset|bpf_\w+ not found at offset|expected pointer to (allocated object|map value or allocated)|can only take non-owning|neither owning or non-owning|allocated object must be referenced|expected for bpf_|bpf_refcount field/,
    rule:
      "A list or tree holds objects of the one type and node that __contains() names; the program must own what it puts in.",
    fix:
      "Allocate that type with bpf_obj_new, pass the named node, and use the object afterwards only as what the tree gives back.",
  },
  {
    message: /uses reserved fields|invalid (BPF_|atomic opcode)|uses invalid|unknown opcode|invalid shift|div by zero/,
    rule: "The kernel takes only the instructions that it knows, with every unused field zero.",
    fix: "Let the compiler write them; where it did, take an older -mcpu.",
  },
  {
    message: /callback function (not|cannot)|callback unexpected/,
    rule:
      "A callback is a static function of this object, for a helper and a map type that take one, and never the program.",
    fix: "Make it static, without tail calls, and give it to a helper that calls back on this map.",
  },
  {
    message: /write to change key|cannot write into|no write support/,
    rule: "Keys, sockets and what is marked as read-only can be read, not written.",
    fix: "Copy it into a variable and write there.",
  },
  {
    message: /invalid (sock|sock_common|tcp_sock|xdp_sock|flow keys) access|access to flow keys/,
    rule: "Of a socket a program may read the fields of struct bpf_sock and its like, in their sizes.",
    fix: "Read one whole field, and compare the pointer with NULL first.",
  },
  {
    message: /invalid func unknown#|invalid kernel function call|is referenced but wasn't resolved/,
    rule: "The helper or kernel function is none that this kernel has.",
    fix: "Look whether it is there first: bpf_ksym_exists() or bpf_core_enum_value_exists().",
  },
  {
    message: /__bpf_trap/,
    rule: "The compiler found that this path does what C does not define, such as reading a variable without a value.",
    fix: "Give every variable a value; the compiler's warnings (-Wall) tell which.",
  },
  {
    message: /readonly map|[Ff]ormat string|zero-terminated|const string/,
    rule: "Format strings and names must be constants that end in a zero byte, in a read-only section.",
    fix: 'Declare it `static const char fmt[] = "..."`, with conversions that the helper knows.',
  },
  {
    message: /must have zero offset|dereference of modified|disallowed$|negative offset/,
    rule: "Some pointers are taken only just as the kernel gave them, not moved to a field of the object.",
    fix: "Pass the pointer itself; subtract the field's offset again with container_of.",
  },
  {
    message: /known constant|local type ID|type ID argument|non-zero flags/,
    rule: "This argument must be a number that is known when the program is loaded.",
    fix: "Write a constant, such as a sizeof or bpf_core_type_id_local().",
  },
  {
    message:
      /size of register (spill|fill)|spill pointers|return stack pointer|read from stack|stack frame of the caller/,
    rule:
      "A pointer is kept on the stack whole, in eight aligned bytes, and never outlives the frame that it points into.",
    fix: "Copy values instead of pointers, and give the memory to the function from outside.",
  },
  {
    message: /may write into memory pointed/,
    rule: "A helper that writes must be given the program's own memory, not a struct of the kernel.",
    fix: "Let it write into a variable or a map value.",
  },
  {
    message:
      /math between|pointer offset -?\d+ is not allowed|tried to subtract|with different pointers|is not allowed$/,
    rule:
      "A pointer may be moved by numbers within a known, small range; one instruction deals with one kind of pointer.",
    fix: "Bound the number first, and keep different pointers on different paths.",
  },
  {
    message: /buffer (access|offset)/,
    rule: "A buffer of an iterator or a writable tracepoint is read and written at constant places within its size.",
    fix: "Use constant offsets.",
  },
  {
    message: /is not a known value/,
    rule: "A program gives back a number, not a pointer.",
    fix: "Return a constant or a variable on every path.",
  },
  {
    message: /GPL compatible license/,
    rule: "Some program types are for programs under a GPL-compatible licence.",
    fix: 'Declare `char LICENSE[] SEC("license") = "GPL";`.',
  },
  {
    message: /failed to find the address|disabled hook|is not sleepable|is rejected\.$|not modifiable|__noreturn/,
    rule: "Not every function of the kernel can be watched, changed or slept in, and not every symbol can be found.",
    fix: "Choose another hook; /sys/kernel/tracing/available_filter_functions lists functions that can be traced.",
  },
], ["rule", "text", "fix"]);
