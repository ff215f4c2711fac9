/** Conditions of jumps. */
/** High four bits of a jump's opcode (RFC 9669 section 4.3). */
export const JUMP = {
  EQ: 0x10,
  GT: 0x20,
  GE: 0x30,
  SET: 0x40,
  NE: 0x50,
  SGT: 0x60,
  SGE: 0x70,
  LT: 0xa0,
  LE: 0xb0,
  SLT: 0xc0,
  SLE: 0xd0,
} as const;

const INVERTED: ReadonlyMap<number, number> = new Map([
  [JUMP.EQ, JUMP.NE],
  [JUMP.NE, JUMP.EQ],
  [JUMP.GT, JUMP.LE],
  [JUMP.LE, JUMP.GT],
  [JUMP.GE, JUMP.LT],
  [JUMP.LT, JUMP.GE],
  [JUMP.SGT, JUMP.SLE],
  [JUMP.SLE, JUMP.SGT],
  [JUMP.SGE, JUMP.SLT],
  [JUMP.SLT, JUMP.SGE],
]);
/** Conditions that v1 lacks. */
export const LESS: readonly number[] = [JUMP.LT, JUMP.LE, JUMP.SLT, JUMP.SLE];

/** The condition that holds when this one does not; `undefined` for those without one in this version. */
export function inverted(condition: number, lessThan: boolean): number | undefined {
  const found = INVERTED.get(condition);
  return found !== undefined && (lessThan || !LESS.includes(found)) ? found : undefined;
}
