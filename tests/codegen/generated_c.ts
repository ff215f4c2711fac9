/**
 * C programs by seed, for comparing two compilers: whatever they compute is defined by the C standard, so that both must
 * compute the same. A program is a tree of pieces of text, which can be cut down piece by piece.
 */

/** Text with trees in between: `texts[0] children[0] texts[1] ...`. */
export interface Tree {
  /** An integer expression may stand for any other; a statement may be left out. */
  readonly kind: "expression" | "statement" | "fixed";
  readonly texts: readonly string[];
  readonly children: readonly Tree[];
}

export const print = (tree: Tree): string =>
  tree.texts.map((text, index) => text + (tree.children[index] ? print(tree.children[index]) : "")).join("");

const tagged =
  (kind: Tree["kind"]) => (texts: TemplateStringsArray, ...values: readonly (Tree | string | number)[]): Tree => {
    const out = [texts[0]], children: Tree[] = [];
    values.forEach((value, index) => {
      if (typeof value === "object") {
        children.push(value);
        out.push(texts[index + 1]);
      } else out[out.length - 1] += `${value}${texts[index + 1]}`;
    });
    return { kind, texts: out, children };
  };
const e = tagged("expression"), s = tagged("statement"), fixed = tagged("fixed");
const sequence = (trees: readonly Tree[]): Tree => ({
  kind: "fixed",
  texts: [...trees.map(() => ""), ""],
  children: trees,
});

/** Random numbers by seed (mulberry32). */
class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }
  pick = <T>(choices: readonly T[]): T => choices[this.below(choices.length)];
  chance = (percent: number): boolean => this.below(100) < percent;
  times = <T>(least: number, most: number, make: (index: number) => T): T[] =>
    Array.from({ length: least + this.below(most - least + 1) }, (_, index) => make(index));
}

const TYPES = ["__s8", "__u8", "__s16", "__u16", "__s32", "__u32", "__s64", "__u64"] as const;
const WIDE = ["__s32", "__u32", "__s64", "__u64"] as const;
const NUMBERS = [
  ...["0", "1", "2", "3", "7", "8", "31", "64", "127", "128", "255", "256", "32767", "32768", "65535", "65536"],
  ...["2147483647", "2147483648u", "4294967295u", "4294967296ull", "-1", "-2", "-128", "-32768", "0x123456789abcdefll"],
  ...["0x7fffffffffffffffll", "0x8000000000000000ull", "0xffffffffffffffffull", "0x80000001u", "0xff00ff00u"],
];
const unsignedOf = (type: string): string => type.replace("__s", "__u");
const bitsOf = (type: string): number => Number(type.slice(3));

/** Globals of every width; those of `shared` are for atomic operations. */
const HEADER = `
struct inner { __u16 half; __s8 byte; __s32 word; };
struct record { __u8 a; __s16 b; __u32 c; __u64 d; struct inner in[2]; };
struct bits { __u32 low : 3; __s32 mid : 7; __u32 high : 15; __u64 wide : 33; __s64 rest : 20; };
struct __attribute__((packed)) packed { __u8 a; __u32 b; __u16 c; __u64 d; };
struct value { __u64 count; __s32 small; __u16 half; __u8 byte; __s64 last; };
struct locked { struct bpf_spin_lock lock; __u32 n; __u64 sum; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, struct value); } values SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, __u64); __type(value, struct value); } hashed SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, struct locked); } locks SEC(".maps");
static const __s32 table[8] = { 3, -7, 1000000, 0, -2147483647, 255, 65536, -1 };
static const __u64 powers[4] = { 1, 0x100000001ull, 0xfedcba9876543210ull, 10 };
struct record record = { 200, -300, 0x89abcdef, 0x123456789abcdef0ull, { { 65000, -5, -70000 }, { 1, 2, 3 } } };
struct bits bits = { 5, -33, 12345, 0x1abcdef01ull, -400000 };
struct packed packed = { 9, 0x89abcdef, 4097, 0xfedcba9876543210ull };
__u8 bytes[8] = { 1, 2, 250, 128, 127, 0, 99, 255 };
__s16 halves[4] = { -1, 300, -32768, 32767 };
__u32 words[8] = { 1, 0x80000000, 77, 0xffffffff, 5, 6, 7, 8 };
__s64 longs[4] = { -1, 0x7fffffffffffffffll, 12, -5000000000ll };
__u32 shared32; __u64 shared64; __s32 sharedint = -4; __s64 sharedlong = 1ll << 40;
volatile __u8 v8 = 200; volatile __s16 v16 = -2; volatile __u32 v32 = 0xdeadbeef; volatile __s64 v64 = -99;
${
  TYPES.map((type, index) =>
    `${type} g${index} = ${["-3", "7", "-300", "60000", "-70000", "0x90000000", "-1ll << 35", "3ull << 60"][index]};`
  ).join(" ")
}
`;

const GLOBALS = TYPES.map((_, index) => `g${index}`);
const FIELDS = [
  ...["record.a", "record.b", "record.c", "record.d", "record.in[1].half", "record.in[0].byte", "record.in[1].word"],
  ...["bits.low", "bits.mid", "bits.high", "bits.wide", "bits.rest"],
  ...["packed.a", "packed.b", "packed.c", "packed.d"],
  ...["v8", "v16", "v32", "v64"],
];
const ATOMIC = ["shared32", "shared64", "sharedint", "sharedlong"];

/** What an expression or statement may use where it stands. */
interface Scope {
  readonly variables: readonly string[];
  /** A pointer to a map's value. */
  readonly pointer?: string;
  readonly functions: readonly string[];
  readonly loops: number;
  /** Tracing programs may not. */
  readonly mayLock?: boolean;
  /** Under a lock nothing is called. */
  readonly isLocked?: boolean;
  readonly inLoop?: boolean;
}

export interface GeneratedListing {
  readonly seed: number;
  readonly cpu: "v1" | "v2" | "v3" | "v4";
  readonly tree: Tree;
}

/** A listing of a few programs. */
export function generateListing(seed: number, programs = 8): GeneratedListing {
  const dice = new Dice(seed), cpu = dice.pick(["v1", "v2", "v3", "v3", "v3", "v4"] as const);
  const maker = new Maker(dice, cpu), functions = ["helper0", "helper1"];
  const helpers = functions.map((name, index) => maker.helper(name, functions.slice(0, index)));
  const made = Array.from({ length: programs }, (_, index) => maker.program(`p${index}`, functions));
  return { seed, cpu, tree: sequence([fixed`// -mcpu=${cpu}\n${HEADER}`, ...helpers, ...made]) };
}

class Maker {
  #names = 0;
  constructor(readonly dice: Dice, readonly cpu: string) {}

  helper(name: string, functions: readonly string[]): Tree {
    const { dice } = this, [result, a, b] = [dice.pick(TYPES), dice.pick(TYPES), dice.pick(TYPES)];
    const attribute = dice.pick(["__noinline", "__noinline", "__always_inline inline"]);
    const scope = { variables: ["a", "b", "x"], functions, loops: 0 };
    return fixed`static ${attribute} ${result} ${name}(${a} a, ${b} b)
{
\t${dice.pick(WIDE)} x = ${this.expression({ ...scope, variables: ["a", "b"] }, 2)};
${sequence(this.statements(scope, 1, 1, 2))}\treturn ${this.expression(scope, 2)};
}
`;
  }

  program(name: string, functions: readonly string[]): Tree {
    const { dice } = this, section = dice.pick(["tc", "raw_tp"]);
    const none: Scope = { variables: [], functions: [], loops: 0 };
    const variables = dice.times(2, 5, (index) => ({ name: `x${index}`, type: dice.pick(TYPES) }));
    const declared = variables.map(({ name, type }) => fixed`\t${type} ${name} = ${this.expression(none, 2)};\n`);
    const scope = {
      variables: [...variables.map(({ name }) => name), "array[1]", "local.c"],
      functions,
      loops: 0,
      mayLock: section === "tc",
    };
    const kept = variables.map(({ name }, index) => s`\tlongs[${index % 4}] ^= ${name};\n`);
    return fixed`SEC("${section}") int ${name}(void *ctx)
{
\t__u32 array[4] = { 1, 2, 3, 4 };
\tstruct record local = {};
${sequence(declared)}${sequence(this.statements(scope, 2, 2, 5))}${
      sequence(kept)
    }\twords[0] += array[2] + local.c + local.d;
\tint result = ${this.expression(scope, 2)};
\twords[1] += result;
\treturn result;
}
`;
  }

  statements(scope: Scope, depth: number, least: number, most: number): Tree[] {
    return this.dice.times(least, most, () => this.statement(scope, depth));
  }

  statement(scope: Scope, depth: number): Tree {
    const { dice } = this, choice = dice.below(depth > 0 ? 100 : 55), value = () => this.expression(scope, 2);
    const body = (inner: Scope = scope) => sequence(this.statements(inner, depth - 1, 1, 3));
    if (choice < 30) {
      return s`\t${this.place(scope)} ${dice.pick(["=", "=", "+=", "^=", "|=", "&="])} ${this.unsigned(scope)};\n`;
    }
    if (choice < 42) return this.atomic(scope);
    if (choice < 46) return s`\tWRITE_ONCE(${dice.pick([...GLOBALS, "words[2]", "record.d"])}, ${value()});\n`;
    if (choice < 48) return s`\tbarrier();\n`;
    if (choice < 51 && !scope.isLocked) return this.copy(scope);
    if (choice < 55) {
      return scope.inLoop ? s`\tif (${value()}) ${dice.pick(["break", "continue"])};\n` : s`\tv32 = ${value()};\n`;
    }
    if (choice < 68) {
      return dice.chance(50)
        ? s`\tif (${value()}) {\n${body()}\t}\n`
        : s`\tif (${value()}) {\n${body()}\t} else {\n${body()}\t}\n`;
    }
    if (choice < 78 && scope.loops < 2) return this.loop(scope, depth);
    if (choice < 86) return this.choice(scope, depth);
    if (!scope.isLocked && choice < 97) return this.lookup(scope, depth);
    return s`\t${this.place(scope)} = ${value()};\n`;
  }

  /** What can be written to. */
  place(scope: Scope): Tree {
    const { dice } = this, index = () => this.expression(scope, 1);
    const choice = dice.below(100), local = scope.variables.filter((name) => !/^i\d/.test(name));
    if (choice < 45 && local.length > 0) return fixed`${dice.pick(local)}`;
    if (choice < 60) return fixed`${dice.pick(GLOBALS)}`;
    if (choice < 75) return fixed`${dice.pick(FIELDS)}`;
    if (choice < 80 && scope.pointer) return fixed`${scope.pointer}->${dice.pick(this.#fieldsOf(scope))}`;
    if (choice < 88) return fixed`words[(${index()}) & 7]`;
    if (choice < 94) return fixed`bytes[(${index()}) & 7]`;
    return fixed`halves[(${index()}) & 3]`;
  }

  #fieldsOf = (scope: Scope): string[] => scope.isLocked ? ["n", "sum"] : ["count", "small", "half", "byte", "last"];

  /** Compound assignments are on unsigned numbers, where nothing overflows. */
  unsigned(scope: Scope): Tree {
    return fixed`(__u64)(${this.expression(scope, 2)})`;
  }

  atomic(scope: Scope): Tree {
    const { dice } = this,
      name = dice.pick(ATOMIC),
      value = this.expression(scope, 2),
      fetches = !["v1", "v2"].includes(this.cpu);
    const target = scope.pointer && !scope.isLocked && dice.chance(40) ? `${scope.pointer}->count` : name;
    // Old instruction sets add to 64 bits, and an addition of 0 becomes an `or`, which 32 bits do not have.
    if (!fetches && !/64|long|->/.test(target)) return s`\tshared32 += ${value};\n`;
    if (!fetches) return s`\t__sync_fetch_and_add(&${target}, ${value});\n`;
    const result = dice.pick(GLOBALS.slice(4));
    switch (dice.below(7)) {
      case 0:
        return s`\t__sync_fetch_and_${dice.pick(["add", "sub", "or", "and", "xor"])}(&${target}, ${value});\n`;
      case 1:
        return s`\t${result} = __sync_fetch_and_${
          dice.pick(["add", "sub", "or", "and", "xor"])
        }(&${target}, ${value});\n`;
      case 2:
        return s`\t${result} = __sync_${
          dice.pick(["add", "sub", "or", "and", "xor"])
        }_and_fetch(&${target}, ${value});\n`;
      case 3:
        return s`\t${result} = __sync_lock_test_and_set(&${target}, ${value});\n`;
      case 4:
        return s`\t${result} = __sync_val_compare_and_swap(&${target}, ${this.expression(scope, 1)}, ${value});\n`;
      case 5:
        return s`\tif (__sync_bool_compare_and_swap(&${target}, ${target}, ${value})) ${result} = 1;\n`;
      default:
        if (this.cpu === "v4" && dice.chance(50)) {
          return dice.chance(50)
            ? s`\t__atomic_store_n(&${target}, ${value}, __ATOMIC_RELEASE);\n`
            : s`\t${result} = __atomic_load_n(&${target}, __ATOMIC_ACQUIRE);\n`;
        }
        // Whether used or not: clang 21 gets a relaxed one wrong whose result is used.
        if (dice.chance(50)) {
          return s`\t__atomic_fetch_${
            dice.pick(["add", "or", "and", "xor"])
          }(&${target}, ${value}, __ATOMIC_RELAXED);\n`;
        }
        return s`\t${result} = __atomic_fetch_${
          dice.pick(["add", "or", "and", "xor"])
        }(&${target}, ${value}, __ATOMIC_ACQUIRE);\n`;
    }
  }

  copy(scope: Scope): Tree {
    const isProgram = scope.variables.includes("local.c");
    if (!isProgram) return s`\trecord.in[1] = record.in[0];\n`;
    return this.dice.pick([
      s`\tlocal = record;\n`,
      s`\trecord = local;\n`,
      s`\t__builtin_memset(array, ${this.dice.pick(["0", "1", "255"])}, sizeof(array));\n`,
      s`\tarray[(${this.expression(scope, 1)}) & 3] = ${this.expression(scope, 2)};\n`,
      s`\tlocal.in[1] = local.in[0];\n`,
    ]);
  }

  loop(scope: Scope, depth: number): Tree {
    const { dice } = this, name = `i${this.#names++}`;
    const pragma = dice.pick(["", "", '_Pragma("clang loop unroll(disable)") ', '_Pragma("clang loop unroll(full)") ']);
    const inner = { ...scope, variables: [...scope.variables, name], loops: scope.loops + 1, inLoop: true };
    const body = sequence(this.statements(inner, depth - 1, 1, 3)), count = 1 + dice.below(6);
    return s`\t${pragma}for (${
      dice.pick(["int", "__u32", "__u64", "__u8"])
    } ${name} = 0; ${name} < ${count}; ${name}++) {\n${body}\t}\n`;
  }

  choice(scope: Scope, depth: number): Tree {
    const { dice } = this, inner = { ...scope, inLoop: false };
    const numbers = [...new Set(dice.times(2, 6, () => dice.pick([0, 1, 2, 3, 4, 5, 6, 7, 100, 255, 65536, -1])))];
    const cases = numbers.map((number) =>
      fixed`\tcase ${number}:\n${sequence(this.statements(inner, depth - 1, 1, 2))}${
        dice.chance(80) ? "\t\tbreak;\n" : ""
      }`
    );
    const on = dice.chance(50) ? fixed`(${this.expression(scope, 2)}) & 7` : fixed`(int)(${this.expression(scope, 2)})`;
    const otherwise = sequence(this.statements(inner, depth - 1, 1, 1));
    return s`\tswitch (${on}) {\n${sequence(cases)}\tdefault:\n${otherwise}\t\tbreak;\n\t}\n`;
  }

  lookup(scope: Scope, depth: number): Tree {
    const { dice } = this, name = `m${this.#names++}`, key = `k${this.#names}`;
    const inner = { ...scope, pointer: name, inLoop: false };
    if (scope.mayLock && !scope.pointer && dice.chance(40)) {
      const body = sequence(this.statements({ ...inner, isLocked: true, functions: [] }, 0, 1, 3));
      return s`\t{ __u32 ${key} = 0; struct locked *${name} = bpf_map_lookup_elem(&locks, &${key});\n\tif (${name}) {\n\tbpf_spin_lock(&${name}->lock);\n${body}\tbpf_spin_unlock(&${name}->lock);\n\t} }\n`;
    }
    if (dice.chance(25)) {
      const value = this.expression(scope, 2);
      return s`\t{ __u64 ${key} = ${
        dice.below(4)
      }; struct value ${name} = { .count = ${value}, .half = 7 }; bpf_map_update_elem(&hashed, &${key}, &${name}, BPF_ANY); }\n`;
    }
    const [map, type, number] = dice.pick([["values", "__u32", 4], ["hashed", "__u64", 4]] as const);
    const body = sequence(this.statements(inner, depth - 1, 1, 3));
    return s`\t{ ${type} ${key} = ${
      dice.below(number)
    }; struct value *${name} = bpf_map_lookup_elem(&${map}, &${key});\n\tif (${name}) {\n${body}\t} }\n`;
  }

  expression(scope: Scope, depth: number): Tree {
    const { dice } = this, one = () => this.expression(scope, depth - 1);
    if (depth <= 0) return this.leaf(scope);
    const type = dice.pick(WIDE), unsigned = unsignedOf(type), bits = bitsOf(type);
    switch (dice.below(16)) {
      case 0:
      case 1:
      case 2:
        return e`(${type})((${unsigned})(${one()}) ${dice.pick(["+", "-", "*"])} (${unsigned})(${one()}))`;
      case 3:
      case 4:
        return e`((${one()}) ${dice.pick(["&", "|", "^"])} (${one()}))`;
      case 5:
        return e`((${unsigned})(${one()}) ${dice.pick(["/", "%"])} ((${unsigned})(${one()}) | 1))`;
      case 6:
        return e`((${unsigned})(${one()}) << ((${one()}) & ${bits - 1}))`;
      case 7:
        return e`((${type})(${one()}) >> ((${one()}) & ${bits - 1}))`;
      case 8:
      case 9:
        return e`((${type})(${one()}) ${dice.pick(["<", "<=", ">", ">=", "==", "!="])} (${type})(${one()}))`;
      case 10:
        return e`((${one()}) ${dice.pick(["&&", "||"])} (${one()}))`;
      case 11:
        return e`((${one()}) ? (${one()}) : (${one()}))`;
      case 12:
        return e`(${dice.pick(TYPES)})(${one()})`;
      case 13:
        return dice.chance(50) ? e`(!(${one()}))` : e`(~(${unsigned})(${one()}))`;
      case 14:
        if (scope.functions.length > 0) return e`${dice.pick(scope.functions)}(${one()}, ${one()})`;
        return e`(${type})(-(${unsigned})(${one()}))`;
      default:
        return this.special(scope, one);
    }
  }

  special(_scope: Scope, one: () => Tree): Tree {
    const { dice } = this, choice = dice.below(6);
    if (choice === 0) return e`__builtin_bswap${dice.pick([16, 32, 64])}(${one()})`;
    if (choice === 1 && this.cpu === "v4") {
      return e`((__s64)(${one()}) ${dice.pick(["/", "%"])} (__s64)(((${one()}) & 63) + 1))`;
    }
    if (choice === 2 && this.cpu === "v4") {
      return e`((__s32)(${one()}) ${dice.pick(["/", "%"])} (__s32)(((${one()}) & 63) + 1))`;
    }
    if (choice === 3) return e`__builtin_expect(${one()}, 0)`;
    if (choice === 4) return e`table[(${one()}) & 7]`;
    return e`powers[(${one()}) & 3]`;
  }

  leaf(scope: Scope): Tree {
    const { dice } = this, choice = dice.below(100);
    if (choice < 25) return e`${dice.pick(NUMBERS)}`;
    if (choice < 60 && scope.variables.length > 0) return e`${dice.pick(scope.variables)}`;
    if (choice < 66 && scope.pointer) return e`${scope.pointer}->${dice.pick(this.#fieldsOf(scope))}`;
    if (choice < 78) return e`${dice.pick(GLOBALS)}`;
    if (choice < 90) return e`${dice.pick(FIELDS)}`;
    if (choice < 93) return e`READ_ONCE(${dice.pick(GLOBALS)})`;
    return e`${dice.pick(["words[3]", "bytes[2]", "halves[2]", "longs[1]", "shared32", "shared64"])}`;
  }
}

/** Trees with one part less, larger cuts first. */
export function* smaller(tree: Tree): Generator<Tree> {
  if (tree.kind === "statement" && tree.texts.join("") !== "") {
    yield { kind: "fixed", texts: [""], children: [] };
    for (const child of tree.children) if (child.kind === "fixed") yield child.children.length > 0 ? child : tree;
  }
  if (tree.kind === "expression") {
    for (const child of tree.children) if (child.kind === "expression") yield child;
    if (!/^-?\w+$/.test(print(tree))) yield { kind: "expression", texts: ["1"], children: [] };
  }
  for (const [index, child] of tree.children.entries()) {
    for (const less of smaller(child)) {
      if (less === child) continue;
      yield { ...tree, children: tree.children.map((one, at) => at === index ? less : one) };
    }
  }
}
