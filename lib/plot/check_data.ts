/** Looks at what a figure is given, so that a mistake in a cell is told in the cell's words. */

/** What a figure draws: a list of objects with some numbers. */
export interface Wanted {
  /** How the list is called where it is a field of the options; else it is the first argument. */
  readonly field?: string;
  /** Fields that have to be numbers, or lists of numbers. */
  readonly numbers: readonly string[];
  /** Fields of the options that have to be axes. */
  readonly axes?: readonly string[];
  readonly example: string;
}

/**
 * The same figure with its data checked first.
 *
 * @throws TypeError naming the item and the field that is no number; RangeError where there is nothing to draw
 */
export function checked<Arguments extends readonly unknown[], Result>(
  name: string,
  draw: (...given: Arguments) => Result,
  wanted: Wanted,
): (...given: Arguments) => Result {
  return (...given) => {
    checkItems(name, given[0], wanted);
    for (const axis of wanted.axes ?? []) checkAxis(name, axis, (given[0] as Record<string, unknown>)[axis]);
    return draw(...given);
  };
}

function checkItems(name: string, given: unknown, { field, numbers, example }: Wanted): void {
  const list = field === undefined ? given : (given as Record<string, unknown> | undefined)?.[field];
  const what = field === undefined ? `plot.${name}` : `plot.${name}: ${field}`;
  const write = field === undefined ? `plot.${name}([${example}])` : `${field}: [${example}]`;
  if (!Array.isArray(list)) throw new TypeError(`${what} is ${shown(list)}; it has to be a list: ${write}`);
  if (list.length === 0) throw new RangeError(`${what} is an empty list: there is nothing to draw; write ${write}`);
  list.forEach((item: unknown, i) => {
    if (typeof item !== "object" || item === null) {
      throw new TypeError(`${what}[${i}] is ${shown(item)}; it has to be an object such as ${example}`);
    }
    for (const number of numbers) {
      const value = (item as Record<string, unknown>)[number];
      if (!areNumbers(value)) {
        throw new TypeError(`${what}[${i}].${number} is ${shown(value)}, not a number; write ${example}`);
      }
    }
  });
}

function checkAxis(name: string, field: string, axis: unknown): void {
  if (typeof axis === "object" && axis !== null && "title" in axis) return;
  throw new TypeError(`plot.${name}: ${field} is ${shown(axis)}; write ${field}: { title: "time", unit: "ns" }`);
}

/** A gap in a line is null. */
const isNumber = (value: unknown): boolean => typeof value === "number" && !Number.isNaN(value);
const areNumbers = (value: unknown): boolean =>
  isNumber(value) || (Array.isArray(value) && value.every((one) => one === null || isNumber(one)));

/**
 * What `plot.timeline` draws.
 *
 * @throws TypeError for what has no steps; says so where a search found nothing to be a witness of
 */
export function checkTraced(given: unknown): void {
  const trace = Array.isArray(given) ? given : (given as { trace?: unknown } | null | undefined)?.trace;
  if (Array.isArray(trace) || typeof trace === "function") return;
  throw new TypeError(
    given === undefined
      ? "plot.timeline is given undefined; it draws a run or a witness. A search that finds nothing wrong has no witness"
      : `plot.timeline is given ${shown(given)}; it draws what simulate gives, or the witness of explore`,
  );
}

function shown(value: unknown): string {
  if (value instanceof Promise) return "a promise (await is missing)";
  if (typeof value === "bigint") return `${value}n, a bigint (Number(${value}n) makes a number)`;
  if (typeof value === "string") return `the text "${value}"`;
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null
    ? `an object with ${Object.keys(value).join(", ") || "nothing"}`
    : String(value);
}
