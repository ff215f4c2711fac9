/** What options may be: whole numbers, lists of names. */
import { InvalidArgumentError } from "commander";

/** A whole number, at least 0. */
export function count(text: string): number {
  const value = Number(text);
  if (!/^\d[\d_]*$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("a whole number is needed");
  }
  return value;
}

/** Names separated by commas. */
export const names = (text: string): string[] =>
  text.split(",").map((name) => name.trim()).filter((name) => name !== "");
