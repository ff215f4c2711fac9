/** Objects that a compiler made for this page, for as long as it is open. */
const kept = new Map<string, Uint8Array>();

export const cachedObject = (key: string, _compiler?: string): Promise<Uint8Array | undefined> =>
  Promise.resolve(kept.get(key));

export function keepObject(key: string, _compiler: string, bytes: Uint8Array): Promise<void> {
  kept.set(key, bytes);
  return Promise.resolve();
}
