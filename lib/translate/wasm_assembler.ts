/**
 * A small WebAssembly assembler: function bodies as chained instructions in stack order, and the module around them.
 *
 * It knows the integer instructions, plain and atomic memory accesses and structured control flow, which is all that
 * the translator needs. Names of instructions are those of the WebAssembly text format, so that generated code can be
 * read beside the specification.
 */

export type ValueType = IntegerType | "f64";
type IntegerType = "i32" | "i64";

const VALUE_TYPE = { i32: 0x7f, i64: 0x7e, f64: 0x7c } as const;

const COMPARISONS = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"] as const;
const ARITHMETIC = [
  ...[
    "add",
    "sub",
    "mul",
    "div_s",
    "div_u",
    "rem_s",
    "rem_u",
    "and",
    "or",
    "xor",
    "shl",
    "shr_s",
    "shr_u",
    "rotl",
  ] as const,
  "rotr",
] as const;
type TypedName = `${IntegerType}.${typeof COMPARISONS[number] | typeof ARITHMETIC[number] | "eqz"}`;

const OTHER = {
  unreachable: 0x00,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  "i32.wrap_i64": 0xa7,
  "i64.extend_i32_s": 0xac,
  "i64.trunc_f64_u": 0xb1,
  "i64.extend_i32_u": 0xad,
  "i32.extend8_s": 0xc0,
  "i32.extend16_s": 0xc1,
  "i64.extend8_s": 0xc2,
  "i64.extend16_s": 0xc3,
  "i64.extend32_s": 0xc4,
} as const;

/** An instruction without an operand of its own: it takes and leaves values on the stack only. */
export type PlainOp = TypedName | keyof typeof OTHER;

const PLAIN = new Map<string, number>(Object.entries(OTHER));
PLAIN.set("i32.eqz", 0x45).set("i64.eqz", 0x50);
COMPARISONS.forEach((name, i) => PLAIN.set(`i32.${name}`, 0x46 + i).set(`i64.${name}`, 0x51 + i));
ARITHMETIC.forEach((name, i) => PLAIN.set(`i32.${name}`, 0x6a + i).set(`i64.${name}`, 0x7c + i));

/** Opcode and the base-2 logarithm of the natural alignment. */
const MEMORY = {
  "i32.load": [0x28, 2],
  "i64.load": [0x29, 3],
  "i64.load8_s": [0x30, 0],
  "i64.load8_u": [0x31, 0],
  "i64.load16_s": [0x32, 1],
  "i64.load16_u": [0x33, 1],
  "i64.load32_s": [0x34, 2],
  "i64.load32_u": [0x35, 2],
  "i32.store": [0x36, 2],
  "i64.store": [0x37, 3],
  "i32.store8": [0x3a, 0],
  "i64.store8": [0x3c, 0],
  "i64.store16": [0x3d, 1],
  "i64.store32": [0x3e, 2],
} as const;

/** A plain load or store; it takes its byte offset as an operand. */
export type MemoryOp = keyof typeof MEMORY;

/** Second opcode byte (after 0xfe), and the alignment that is required. */
const ATOMIC = {
  "i64.atomic.load8_u": [0x14, 0],
  "i64.atomic.load16_u": [0x15, 1],
  "i64.atomic.load32_u": [0x16, 2],
  "i64.atomic.load": [0x11, 3],
  "i64.atomic.store8": [0x1b, 0],
  "i64.atomic.store16": [0x1c, 1],
  "i64.atomic.store32": [0x1d, 2],
  "i64.atomic.store": [0x18, 3],
  "i64.atomic.rmw32.add_u": [0x24, 2],
  "i64.atomic.rmw.add": [0x1f, 3],
  "i64.atomic.rmw32.and_u": [0x32, 2],
  "i64.atomic.rmw.and": [0x2d, 3],
  "i64.atomic.rmw32.or_u": [0x39, 2],
  "i64.atomic.rmw.or": [0x34, 3],
  "i64.atomic.rmw32.xor_u": [0x40, 2],
  "i64.atomic.rmw.xor": [0x3b, 3],
  "i64.atomic.rmw32.xchg_u": [0x47, 2],
  "i64.atomic.rmw.xchg": [0x42, 3],
  "i64.atomic.rmw32.cmpxchg_u": [0x4e, 2],
  "i64.atomic.rmw.cmpxchg": [0x49, 3],
} as const;

/** An access that is atomic among the threads that share the memory; its address must be aligned. */
export type AtomicOp = keyof typeof ATOMIC;

/** Bytes that grow as they are written, with the variable-length numbers (LEB128) of the binary format. */
class ByteWriter {
  #bytes = new Uint8Array(4096);
  length = 0;

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#grow(this.length * 2);
    this.#bytes[this.length++] = value;
  }

  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  signed(value: number): void {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 127) | 128);
      rest >>= 7;
    }
    this.byte(rest & 127);
  }

  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    while (rest < -64n || rest > 63n) {
      this.byte(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.byte(Number(rest & 127n));
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  patch(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  append(bytes: Uint8Array): void {
    while (this.length + bytes.length > this.#bytes.length) this.#grow(this.#bytes.length * 2);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length);
  }

  #grow(size: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}

/** A place that `br` can go to: the end of a block or `if`, the beginning of a loop. */
export interface Label {
  readonly depth: number;
}

/** The beginning of a loop. */
export interface LoopLabel extends Label {
  /** Where its opcode stands. */
  readonly at: number;
  /** Whether anything goes back to it. */
  used: boolean;
}

/** The body of one function. Locals are named by number, parameters first. */
export class WasmCode {
  readonly #out = new ByteWriter();
  #depth = 0;

  get(local: number): this {
    return this.#withIndex(0x20, local);
  }
  set(local: number): this {
    return this.#withIndex(0x21, local);
  }
  tee(local: number): this {
    return this.#withIndex(0x22, local);
  }
  call(func: number): this {
    return this.#withIndex(0x10, func);
  }
  i32(value: number): this {
    this.#out.byte(0x41);
    this.#out.signed(value);
    return this;
  }
  i64(value: bigint | number): this {
    this.#out.byte(0x42);
    if (typeof value === "number") this.#out.signed(value);
    else this.#out.signed64(value);
    return this;
  }
  op(name: PlainOp): this {
    this.#out.byte(PLAIN.get(name)!);
    return this;
  }
  /** A plain access `offset` bytes past the address on the stack. */
  memory(name: MemoryOp, offset: number): this {
    const [opcode, alignment] = MEMORY[name];
    this.#out.byte(opcode);
    return this.#memoryOperand(alignment, offset);
  }
  atomic(name: AtomicOp, offset: number): this {
    const [opcode, alignment] = ATOMIC[name];
    this.#out.byte(0xfe);
    this.#out.byte(opcode);
    return this.#memoryOperand(alignment, offset);
  }
  /** memory.copy: takes where to, where from, and how many bytes. */
  copy(): this {
    this.#out.byte(0xfc);
    this.#out.byte(0x0a);
    this.#out.byte(0);
    this.#out.byte(0);
    return this;
  }
  /** memory.fill: takes an address, a byte and how many bytes to set to it. */
  fill(): this {
    this.#out.byte(0xfc);
    this.#out.byte(0x0b);
    this.#out.byte(0);
    return this;
  }

  block(): Label {
    return this.#open(0x02);
  }
  loop(): LoopLabel {
    return { at: this.#out.length, ...this.#open(0x03), used: false };
  }
  /** Ends a loop. One that nothing goes back to becomes a block: engines look for interruptions in every loop. */
  endLoop(label: LoopLabel): this {
    if (!label.used) this.#out.patch(label.at, 0x02);
    return this.end();
  }
  /** Takes a condition; runs what follows, up to `else` or `end`, where it is not 0. */
  if(result?: ValueType): Label {
    return this.#open(0x04, result);
  }
  else(): this {
    this.#out.byte(0x05);
    return this;
  }
  end(): this {
    this.#depth--;
    this.#out.byte(0x0b);
    return this;
  }
  br(label: Label | LoopLabel): this {
    if ("used" in label) label.used = true;
    return this.#withIndex(0x0c, this.#depth - label.depth);
  }
  brIf(label: Label | LoopLabel): this {
    if ("used" in label) label.used = true;
    return this.#withIndex(0x0d, this.#depth - label.depth);
  }
  brTable(labels: readonly Label[], otherwise: Label): this {
    this.#out.byte(0x0e);
    this.#out.unsigned(labels.length);
    for (const label of labels) this.#out.unsigned(this.#depth - label.depth);
    this.#out.unsigned(this.#depth - otherwise.depth);
    return this;
  }

  /** The bytes, closed by the function's own `end`. */
  finish(): Uint8Array {
    this.#out.byte(0x0b);
    return this.#out.written();
  }

  #withIndex(opcode: number, index: number): this {
    this.#out.byte(opcode);
    this.#out.unsigned(index);
    return this;
  }
  #memoryOperand(alignment: number, offset: number): this {
    this.#out.unsigned(alignment);
    this.#out.unsigned(offset);
    return this;
  }
  #open(opcode: number, result?: ValueType): Label {
    this.#out.byte(opcode);
    this.#out.byte(result ? VALUE_TYPE[result] : 0x40);
    return { depth: ++this.#depth };
  }
}

export interface Signature {
  readonly params: readonly ValueType[];
  readonly result?: ValueType;
}

export interface WasmFunction extends Signature {
  /** Name that it is exported under. */
  readonly name: string;
  /** Types of the locals after the parameters. */
  readonly locals: readonly ValueType[];
  readonly code: WasmCode;
}

/**
 * Assembles a module that imports `env.memory` and the named functions of `env`, and exports one function.
 * Functions are numbered imports first, so the exported one has number `imports.length`.
 */
export function assembleModule(
  func: WasmFunction,
  imports: readonly (Signature & { readonly name: string })[],
  sharedMemory: boolean,
): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  out.append(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const section = (id: number, fill: (body: ByteWriter) => void) => {
    const body = new ByteWriter();
    fill(body);
    out.byte(id);
    out.unsigned(body.length);
    out.append(body.written());
  };
  section(1, (types) => {
    types.unsigned(imports.length + 1);
    for (const { params, result } of [...imports, func]) {
      types.byte(0x60);
      types.unsigned(params.length);
      for (const param of params) types.byte(VALUE_TYPE[param]);
      types.unsigned(result ? 1 : 0);
      if (result) types.byte(VALUE_TYPE[result]);
    }
  });
  section(2, (body) => {
    body.unsigned(imports.length + 1);
    body.text("env");
    body.text("memory");
    body.byte(2);
    // At least one page; a shared memory must also name a maximum, and 65536 pages (4 GiB) admits every memory.
    body.byte(sharedMemory ? 3 : 0);
    body.unsigned(1);
    if (sharedMemory) body.unsigned(65536);
    imports.forEach((wanted, type) => {
      body.text("env");
      body.text(wanted.name);
      body.byte(0);
      body.unsigned(type);
    });
  });
  section(3, (body) => {
    body.unsigned(1);
    body.unsigned(imports.length);
  });
  section(7, (body) => {
    body.unsigned(1);
    body.text(func.name);
    body.byte(0);
    body.unsigned(imports.length);
  });
  section(10, (body) => {
    const locals = new ByteWriter();
    locals.unsigned(func.locals.length);
    for (const type of func.locals) {
      locals.unsigned(1);
      locals.byte(VALUE_TYPE[type]);
    }
    const instructions = func.code.finish();
    body.unsigned(1);
    body.unsigned(locals.length + instructions.length);
    body.append(locals.written());
    body.append(instructions);
  });
  return out.written();
}
