/** The places that threads share, and the addresses that they have. */
import { ModelRefusal } from "./thread_code.ts";

/** A variable, or a section of them. */
export interface Region {
  readonly name: string;
  readonly base: bigint;
  /** Initial contents. */
  readonly bytes: Uint8Array;
  /** Never written: its contents are constants, and reading them is no event. */
  readonly readonly?: boolean;
  /** Every access is to a whole element of so many bytes, whatever size it is written with, as herd7 has it. */
  readonly elementBytes?: number;
  /** Name of what stands at an offset, where regions hold several variables. */
  readonly nameOf?: (offset: number) => string;
}

/** A place that is always accessed whole: no model of this kind knows accesses of mixed sizes. */
export interface Cell {
  readonly region: Region;
  readonly offset: number;
  readonly bytes: number;
  readonly initial: bigint;
}

/** Bytes between two regions: no arithmetic of a small number leads from one to another. */
const REGION_BYTES = 1n << 32n;
/** Where they begin: no number of a test comes near it by itself. */
const START = 0x5a5a_0000_0000_0000n;

export const regionBase = (index: number): bigint => START + BigInt(index + 1) * REGION_BYTES;

export class SharedMemory {
  readonly cells: Cell[] = [];
  readonly #byPlace = new Map<bigint, number>();

  constructor(readonly regions: readonly Region[]) {}

  /** The region that an address is in; undefined outside of all, and where the access would leave it or an element. */
  regionAt(address: bigint, bytes: number): Region | undefined {
    const region = this.regionNear(address);
    if (!region || address < region.base) return undefined;
    if (region.elementBytes && (address - region.base) % BigInt(region.elementBytes) !== 0n) return undefined;
    return address + BigInt(bytes) <= region.base + BigInt(region.bytes.length) ? region : undefined;
  }

  /** The region that a number is the address of, or an address before or behind it. */
  regionNear(address: bigint): Region | undefined {
    return address < START ? undefined : this.regions[Number((address - START + REGION_BYTES / 2n) / REGION_BYTES) - 1];
  }

  /**
   * Number of the cell that an access touches.
   *
   * @throws ModelRefusal where another access touches a part of it, or more
   */
  cellAt(region: Region, address: bigint, bytes: number): number {
    const known = this.#byPlace.get(address);
    if (known !== undefined && this.cells[known].bytes === bytes) return known;
    const offset = Number(address - region.base);
    for (const cell of this.cells) {
      if (cell.region !== region || cell.offset + cell.bytes <= offset || offset + bytes <= cell.offset) continue;
      throw new ModelRefusal(
        `${region.name}+${offset} is accessed with ${bytes} bytes here and ${cell.bytes} there: ` +
          "the model knows whole variables only, no accesses of mixed sizes",
      );
    }
    this.cells.push({ region, offset, bytes, initial: readBytes(region.bytes, offset, bytes) });
    this.#byPlace.set(address, this.cells.length - 1);
    return this.cells.length - 1;
  }

  /** A cell that one thread alone touches, for a barrier that a repair adds. */
  barrierCell(thread: number): number {
    const name = `barrier of thread ${thread}`, known = this.cells.findIndex(({ region }) => region.name === name);
    if (known >= 0) return known;
    const region = { name, base: 0n, bytes: new Uint8Array(8) };
    this.cells.push({ region, offset: 0, bytes: 8, initial: 0n });
    return this.cells.length - 1;
  }
}

export function readBytes(from: Uint8Array, offset: number, bytes: number): bigint {
  let value = 0n;
  for (let at = bytes - 1; at >= 0; at--) value = value << 8n | BigInt(from[offset + at]);
  return value;
}

export function writeBytes(into: Uint8Array, offset: number, bytes: number, value: bigint): void {
  for (let at = 0; at < bytes; at++) into[offset + at] = Number((value >> BigInt(8 * at)) & 0xffn);
}
