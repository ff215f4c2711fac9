/**
 * Functions of LLVM IR by seed: arithmetic of all widths, branches and loops with values that both sides bring along,
 * memory, atomics, intrinsics, calls. None has undefined behaviour: shifts are by less than the width, divisors not 0.
 */
import { SeededRandom } from "../../lib/schedulers/random_numbers.ts";

const TYPES = ["i1", "i8", "i16", "i32", "i64"] as const;
type TypeName = typeof TYPES[number];
const bitsOf = (type: TypeName): number => Number(type.slice(1));

interface Typed {
  readonly type: TypeName;
  readonly name: string;
}

export interface RandomIrOptions {
  /** The instruction set, `v1` to `v4`: what it lacks is left out. */
  readonly cpu: string;
  /** How many statements at the outermost level; about as many again inside of branches and loops. */
  readonly length?: number;
}

/** Variables for a while. */
const TEMPORARIES = 6;

export const PARAMETERS: readonly TypeName[] = ["i64", "i32", "i16", "i8"];

const HEADER = (cpu: string) =>
  `@a = global i64 0, align 8
@b = global [8 x i32] zeroinitializer, align 4
@c = global { i8, i16, i32, i64 } zeroinitializer, align 8
@d = global <{ i8, i32, i64 }> zeroinitializer, align 1
attributes #0 = { "target-cpu"="${cpu}" }
define internal i32 @callee(i32 %x, i64 %y, i16 signext %z, i8 zeroext %w) #0 {
  %low = trunc i64 %y to i32
  %wide = sext i16 %z to i32
  %plain = zext i8 %w to i32
  %both = add i32 %x, %plain
  %sum = add i32 %both, %low
  %all = mul i32 %sum, %wide
  store i32 %all, ptr getelementptr (i8, ptr @b, i64 8), align 4
  ret i32 %all
}
`;

/** The text of a module with a function `f` of {@link PARAMETERS} and i64. */
export function randomIr(seed: number, options: RandomIrOptions): string {
  return new Generator(new SeededRandom(seed), options).module(options.length ?? 12);
}

class Generator {
  #lines: string[] = [];
  #block = "entry";
  #count = 0;
  #loops = 0;
  /** Variables that hold something. */
  readonly #held = new Set<number>();

  constructor(readonly random: SeededRandom, readonly options: RandomIrOptions) {}

  module(length: number): string {
    const scope = PARAMETERS.map((type, i): Typed => ({ type, name: `%p${i}` }));
    this.#add("%slots = alloca [4 x i64], align 8");
    for (let i = 0; i < TEMPORARIES; i++) this.#add(`%t${i} = alloca ${i % 2 ? "i64" : "[3 x i64]"}, align 8`);
    for (let i = 0; i < 4; i++) {
      const at = this.#make(`getelementptr i64, ptr %slots, i64 ${i}`);
      this.#add(`store i64 ${i * 1000}, ptr ${at}, align 8`);
    }
    this.#statements(scope, length, 2);
    const result = this.#convert(scope[scope.length - 1], "i64");
    this.#add(`ret i64 ${result}`);
    const params = PARAMETERS.map((type, i) => `${type} ${this.#pick(["", "noundef "])}%p${i}`);
    const begin = `define i64 @f(${params.join(", ")}) #0 {\nentry:\n`;
    return `${HEADER(this.options.cpu)}${begin}${this.#lines.join("\n")}\n}\n`;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.random.below(choices.length)];
  }

  #add(line: string): void {
    this.#lines.push(`  ${line}`);
  }

  #make(text: string): string {
    const name = `%v${this.#count++}`;
    this.#add(`${name} = ${text}`);
    return name;
  }

  #label(name: string): void {
    this.#lines.push(`${name}:`);
    this.#block = name;
  }

  #statements(scope: Typed[], count: number, depth: number): void {
    for (let i = 0; i < count; i++) {
      const kind = this.random.below(depth > 0 ? 17 : 12);
      if (kind < 6) this.#value(scope);
      else if (kind < 8) this.#memory(scope);
      else if (kind === 8) this.#atomic(scope);
      else if (kind === 9) this.#intrinsic(scope);
      else if (kind === 10) this.#call(scope);
      else if (kind === 11) this.#barrier(scope);
      else if (kind < 14) this.#branch(scope, depth);
      else if (kind === 14) this.#loop(scope, depth);
      else if (kind === 15) this.#switch(scope, depth);
      else this.#temporary(scope, depth);
    }
  }

  /** A value of the type: one that is in scope, one that is made of it, or a constant. */
  #operand(scope: readonly Typed[], type: TypeName): string {
    const same = scope.filter((one) => one.type === type), kind = this.random.below(8);
    if (kind === 0 || same.length === 0 && kind < 4) return this.#constant(type);
    if (same.length === 0) return this.#convert(this.#pick(scope), type);
    // Rather what was made lately.
    return same[Math.max(0, same.length - 1 - this.random.below(4))].name;
  }

  #constant(type: TypeName): string {
    const values = ["0", "1", "-1", "2", "7", "100", "255", "65535", "-128", "2147483647", "-2147483648", "4294967295"];
    const bits = BigInt(bitsOf(type)),
      picked = BigInt.asIntN(Number(bits), BigInt(this.#pick([...values, "81985529216486895"])));
    return type === "i1" ? String(picked !== 0n) : String(picked);
  }

  #convert(from: Typed, type: TypeName): string {
    if (from.type === type) return from.name;
    const opcode = bitsOf(type) < bitsOf(from.type) ? "trunc" : this.#pick(["zext", "sext"]);
    return this.#make(`${opcode} ${from.type} ${from.name} to ${type}`);
  }

  #test(scope: readonly Typed[]): string {
    const type = this.#pick(["i8", "i16", "i32", "i64"] as const);
    const condition = this.#pick(["eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge"]);
    const left = this.#operand(scope, type), right = this.#operand(scope, type);
    const test = this.#make(`icmp ${condition} ${type} ${left}, ${right}`);
    if (this.random.below(4) > 0) return test;
    const other = this.#operand(scope, "i1");
    if (this.random.below(2) === 0) return this.#make(`${this.#pick(["and", "or", "xor"])} i1 ${test}, ${other}`);
    // `&&` and `||`, as the optimiser writes them.
    const [yes, no] = this.#pick([[other, "false"], ["true", other], ["false", other], [other, "true"]] as const);
    return this.#make(`select i1 ${test}, i1 ${yes}, i1 ${no}`);
  }

  #value(scope: Typed[]): void {
    const type = this.#pick(TYPES.slice(1)), bits = bitsOf(type), kind = this.random.below(12);
    const left = this.#operand(scope, type),
      add = (text: string, as: TypeName = type) => scope.push({ type: as, name: this.#make(text) });
    if (kind < 5) {
      const opcode = this.#pick(["add", "sub", "mul", "and", "or", "xor"]);
      add(`${opcode} ${type} ${left}, ${this.#operand(scope, type)}`);
    } else if (kind === 5) {
      const by = this.#make(`and ${type} ${this.#operand(scope, type)}, ${bits - 1}`);
      add(`${this.#pick(["shl", "lshr", "ashr"])} ${type} ${left}, ${by}`);
    } else if (kind === 6) {
      const by = this.#make(`or ${type} ${this.#operand(scope, type)}, 1`);
      add(`${this.#pick(["udiv", "urem"])} ${type} ${left}, ${by}`);
    } else if (kind === 7 && this.options.cpu === "v4") {
      const small = this.#make(`and ${type} ${this.#operand(scope, type)}, 63`),
        by = this.#make(`or ${type} ${small}, 1`);
      add(`${this.#pick(["sdiv", "srem"])} ${type} ${left}, ${by}`);
    } else if (kind === 8) {
      add(`select i1 ${this.#test(scope)}, ${type} ${left}, ${type} ${this.#operand(scope, type)}`);
    } else if (kind === 9) scope.push({ type: "i1", name: this.#test(scope) });
    else if (kind === 10 && this.random.below(2) === 0) add(`freeze ${type} ${left}`);
    else if (kind === 10) {
      // A field of a word: what was above it must be gone when it is wide again.
      const shifted = this.#make(`lshr i64 ${this.#operand(scope, "i64")}, ${this.random.below(60)}`);
      const part = this.#make(`trunc i64 ${shifted} to ${this.#pick(["i8", "i16", "i32"])}`);
      add(`zext ${this.#lines.at(-1)!.split(" ").at(-1)} ${part} to i64`, "i64");
    } else scope.push({ type, name: this.#convert(this.#pick(scope), type) });
  }

  #memory(scope: Typed[]): void {
    const kind = this.random.below(5), isLoad = this.random.below(2) === 0;
    const volatile = this.#pick(["", "volatile "]);
    const access = (type: TypeName, at: string, align: number) => {
      if (isLoad) scope.push({ type, name: this.#make(`load ${volatile}${type}, ptr ${at}, align ${align}`) });
      else this.#add(`store ${volatile}${type} ${this.#operand(scope, type)}, ptr ${at}, align ${align}`);
    };
    if (kind === 0) return access("i64", "@a", 8);
    if (kind === 1) {
      const index = this.#make(`and i64 ${this.#operand(scope, "i64")}, 7`);
      return access("i32", this.#make(`getelementptr [8 x i32], ptr @b, i64 0, i64 ${index}`), 4);
    }
    if (kind === 2) {
      const index = this.#make(`and i64 ${this.#operand(scope, "i64")}, 3`);
      return access("i64", this.#make(`getelementptr i64, ptr %slots, i64 ${index}`), 8);
    }
    const field = this.random.below(kind === 3 ? 4 : 3);
    if (kind === 3) {
      const at = this.#make(`getelementptr { i8, i16, i32, i64 }, ptr @c, i64 0, i32 ${field}`);
      return access((["i8", "i16", "i32", "i64"] as const)[field], at, [1, 2, 4, 8][field]);
    }
    const at = this.#make(`getelementptr <{ i8, i32, i64 }>, ptr @d, i64 0, i32 ${field}`);
    access((["i8", "i32", "i64"] as const)[field], at, 1);
  }

  #atomic(scope: Typed[]): void {
    const isFull = this.options.cpu === "v3" || this.options.cpu === "v4";
    const [type, at] = this.#pick([["i64", "@a"], ["i32", "@b"]] as const), value = this.#operand(scope, type);
    if (!isFull) {
      this.#make(`atomicrmw add ptr ${at}, ${type} ${value} monotonic, align ${bitsOf(type) / 8}`);
      return;
    }
    if (this.random.below(3) === 0) {
      const pair = this.#make(
        `cmpxchg ptr ${at}, ${type} ${value}, ${type} ${this.#operand(scope, type)} seq_cst seq_cst`,
      );
      scope.push({ type, name: this.#make(`extractvalue { ${type}, i1 } ${pair}, 0`) });
      scope.push({ type: "i1", name: this.#make(`extractvalue { ${type}, i1 } ${pair}, 1`) });
      return;
    }
    const operation = this.#pick(["add", "sub", "and", "or", "xor", "xchg"]),
      order = this.#pick(["monotonic", "seq_cst"]);
    const old = this.#make(`atomicrmw ${operation} ptr ${at}, ${type} ${value} ${order}`);
    if (this.random.below(2) === 0) scope.push({ type, name: old });
  }

  #intrinsic(scope: Typed[]): void {
    const type = this.#pick(["i8", "i16", "i32", "i64"] as const),
      a = this.#operand(scope, type),
      b = this.#operand(scope, type);
    const two = ["umin", "umax", "smin", "smax", "uadd.sat", "usub.sat", "sadd.sat", "ssub.sat"];
    const name = this.#pick([...two, "fshl", "fshr", "abs", "ctpop", "cttz", "ctlz", "bswap"]);
    if (name === "bswap" && type === "i8") return;
    if (this.random.below(8) === 0) {
      const way = this.#pick(["ucmp", "scmp"]);
      scope.push({ type: "i8", name: this.#make(`call i8 @llvm.${way}.i8.${type}(${type} ${a}, ${type} ${b})`) });
      return;
    }
    const more = two.includes(name)
      ? `, ${type} ${b}`
      : name.startsWith("fsh")
      ? `, ${type} ${b}, ${type} ${this.#operand(scope, type)}`
      : ["abs", "cttz", "ctlz"].includes(name)
      ? ", i1 false"
      : "";
    scope.push({ type, name: this.#make(`call ${type} @llvm.${name}.${type}(${type} ${a}${more})`) });
  }

  #call(scope: Typed[]): void {
    const [x, y, z] = [this.#operand(scope, "i32"), this.#operand(scope, "i64"), this.#operand(scope, "i16")];
    const w = this.#operand(scope, "i8");
    scope.push({
      type: "i32",
      name: this.#make(`call i32 @callee(i32 ${x}, i64 ${y}, i16 signext ${z}, i8 zeroext ${w})`),
    });
  }

  #barrier(scope: Typed[]): void {
    const type = this.#pick(["i32", "i64"] as const);
    scope.push({
      type,
      name: this.#make(`call ${type} asm sideeffect "", "=r,0"(${type} ${this.#operand(scope, type)})`),
    });
  }

  /** Variables that hold something for a while only, so that others may have their place before and after. */
  #temporary(scope: Typed[], depth: number): void {
    const free = Array.from({ length: TEMPORARIES }, (_, i) => i).filter((i) => !this.#held.has(i));
    const taken = free.slice(0, 1 + this.random.below(2)), inner = [...scope];
    for (const index of taken) {
      this.#held.add(index);
      this.#add(`call void @llvm.lifetime.start.p0(ptr %t${index})`);
      this.#add(`store i64 ${this.#operand(scope, "i64")}, ptr %t${index}, align 8`);
    }
    this.#statements(inner, 1 + this.random.below(2), depth - 1);
    for (const index of taken) {
      scope.push({ type: "i64", name: this.#make(`load i64, ptr %t${index}, align 8`) });
      this.#add(`call void @llvm.lifetime.end.p0(ptr %t${index})`);
      this.#held.delete(index);
    }
  }

  /** Both sides bring values along; what they made themselves is not known afterwards. */
  #branch(scope: Typed[], depth: number): void {
    const id = this.#count++, test = this.#test(scope), hasElse = this.random.below(2) === 0;
    const [yes, no, end] = [`yes${id}`, `no${id}`, `end${id}`], before = this.#block;
    this.#add(`br i1 ${test}, label %${yes}, label %${hasElse ? no : end}`);
    const types = Array.from({ length: 1 + this.random.below(3) }, () => this.#pick(TYPES));
    const side = (label: string) => {
      this.#label(label);
      const inner = [...scope];
      this.#statements(inner, 1 + this.random.below(3), depth - 1);
      const values = types.map((type) => this.#operand(inner, type)), block = this.#block;
      this.#add(`br label %${end}`);
      return { values, block };
    };
    const first = side(yes);
    const second = hasElse ? side(no) : {
      values: types.map((type) => scope.find((one) => one.type === type)?.name ?? this.#constant(type)),
      block: before,
    };
    this.#label(end);
    types.forEach((type, i) => {
      const phi = `phi ${type} [ ${first.values[i]}, %${first.block} ], [ ${second.values[i]}, %${second.block} ]`;
      scope.push({ type, name: this.#make(phi) });
    });
  }

  /** A few rounds, with values that each hands to the next, some of them to one another. */
  #loop(scope: Typed[], depth: number): void {
    if (this.#loops > 1) return;
    this.#loops++;
    const id = this.#count++, head = `loop${id}`, end = `done${id}`, before = this.#block;
    const type = this.#pick(["i32", "i64"] as const), count = 1 + this.random.below(3);
    const carried = Array.from(
      { length: count },
      (_, i) => ({ name: `%c${id}.${i}`, from: this.#operand(scope, type) }),
    );
    this.#add(`br label %${head}`);
    this.#label(head);
    const start = this.#lines.length, inner = [...scope, ...carried.map(({ name }): Typed => ({ type, name }))];
    this.#statements(inner, 2 + this.random.below(3), depth - 1);
    // A rotation of what is carried, now and then: copies that must not get in each other's way.
    const isRotated = this.random.below(2) === 0;
    const next = carried.map((_, i) => isRotated ? carried[(i + 1) % count].name : this.#operand(inner, type));
    const counter = this.#make(`add i32 %i${id}, 1`);
    const test = this.#make(`icmp ult i32 ${counter}, ${2 + this.random.below(5)}`), latch = this.#block;
    this.#add(`br i1 ${test}, label %${head}, label %${end}`);
    const phis = carried.map(({ name, from }, i) =>
      `  ${name} = phi ${type} [ ${from}, %${before} ], [ ${next[i]}, %${latch} ]`
    );
    this.#lines.splice(start, 0, `  %i${id} = phi i32 [ 0, %${before} ], [ ${counter}, %${latch} ]`, ...phis);
    this.#label(end);
    scope.push(...carried.map(({ name }): Typed => ({ type, name })), { type: "i32", name: counter });
    this.#loops--;
  }

  #switch(scope: Typed[], depth: number): void {
    const id = this.#count++, type = this.#pick(["i8", "i32", "i64"] as const), end = `after${id}`;
    const value = this.#make(`and ${type} ${this.#operand(scope, type)}, 15`), incoming: string[] = [];
    const cases = Array.from({ length: 16 }, (_, i) => i).filter(() => this.random.below(2) === 0);
    const targets = cases.map(() => this.random.below(3));
    const list = cases.map((one, i) => `${type} ${one}, label %case${id}.${targets[i]}`);
    this.#add(`switch ${type} ${value}, label %case${id}.3 [ ${list.join(" ")} ]`);
    const used = [...new Set([...targets, 3])].sort();
    for (const target of used) {
      this.#label(`case${id}.${target}`);
      const inner = [...scope];
      this.#statements(inner, 1, depth - 1);
      incoming.push(`[ ${this.#operand(inner, "i64")}, %${this.#block} ]`);
      // The operand may have been made in this block: it is, for the block has not ended yet.
      this.#add(`br label %${end}`);
    }
    this.#label(end);
    scope.push({ type: "i64", name: this.#make(`phi i64 ${incoming.join(", ")}`) });
  }
}
