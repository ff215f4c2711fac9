/** Files of the reader's and of the operating system, by path. */
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import process from "node:process";

export const fileExists = (path: string): boolean => existsSync(path);

/** @throws Error with the operating system's `code`, ENOENT where there is none */
export const readText = (path: string): string => readFileSync(path, "utf8");

/** At once; for what callers need before they can go on. */
export const readBytesNow = (path: string): Uint8Array => new Uint8Array(readFileSync(path));

export const readBytes = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(path));

/** All of standard input. */
export async function readStandardInput(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of process.stdin) parts.push(part as Uint8Array);
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}
