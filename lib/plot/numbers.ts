/** Numbers as figures and their text twins write them. Units stand behind a no-break space. */

import { t } from "../words/translation.ts";

const NBSP = "\u00a0";

/** `1234567` as `1,234,567`. */
export function count(value: number): string {
  const [whole, fraction] = String(value).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Three significant digits at most, no exponent: `3.35`, `42.1`, `1,580`. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 100) return count(Math.round(value));
  const digits = size >= 10 ? 1 : size >= 0.01 || size === 0 ? 2 : 4;
  return String(Number(value.toFixed(digits)));
}

/** A share from 0 to 1: `32 %`, `2.5 %`, `0 %`; what is more than nothing never reads as nothing. */
export function percent(share: number): string {
  const value = share * 100;
  const size = Math.abs(value);
  if (size === 0) return `0${NBSP}%`;
  if (size < 0.1) return `${value < 0 ? "-" : ""}<0.1${NBSP}%`;
  // Rounding must not make a whole of what is not.
  const digits = size < 9.95 || (size < 100 && size >= 99.5) ? 1 : 0;
  const text = value.toFixed(digits);
  return `${text.replace(/\.0$/, "")}${NBSP}%`;
}

export const nanoseconds = (ns: number): string => `${significant(ns)}${NBSP}ns`;

/** Bytes in binary units: `64 B`, `8 KiB`, `2.5 MiB`. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${significant(value)}${NBSP}${units[unit]}`;
}

/** A ratio: `2.9 times`, `1,200 times`. */
export function times(ratio: number): string {
  const number = ratio >= 10 ? count(Number(ratio.toPrecision(2))) : ratio.toFixed(1).replace(/\.0$/, "");
  return t`${number}${NBSP}times`;
}

/** The middle value of some numbers; of an even number of them the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** For text twins: no-break spaces become plain ones. */
export const plain = (text: string): string => text.replaceAll(NBSP, " ");
