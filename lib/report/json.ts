/** Results as JSON: bigints as numbers where a number holds them exactly, else as decimal text. */
export function toJson(value: unknown, space?: number): string {
  return JSON.stringify(value, (_key, part) => typeof part === "bigint" ? jsonNumber(part) : part, space);
}

function jsonNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
