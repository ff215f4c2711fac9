/** Little-endian numbers and bytes, one after another. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(...values: readonly number[]): this {
    let at = this.#grow(4 * values.length);
    for (const value of values) {
      this.#view.setUint32(at, value, true);
      at += 4;
    }
    return this;
  }

  u64(...values: readonly (number | bigint)[]): this {
    let at = this.#grow(8 * values.length);
    for (const value of values) {
      this.#view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
      at += 8;
    }
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Zero bytes up to the next multiple of `align`. */
  alignTo(align: number): this {
    this.#grow(-this.#length & (align - 1));
    return this;
  }

  /** Writes over what stands at a place. */
  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Makes room, in another array where this one is full, and gives its place. */
  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** Texts, each once, by offset, with a zero byte behind each: the string table of ELF and of BTF. */
export class StringTable {
  readonly #offsets = new Map<string, number>([["", 0]]);
  readonly #writer = new ByteWriter().u8(0);

  add(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.#writer.length;
    this.#writer.bytes(new TextEncoder().encode(text)).u8(0);
    this.#offsets.set(text, offset);
    return offset;
  }

  toBytes(): Uint8Array {
    return this.#writer.toBytes();
  }
}
