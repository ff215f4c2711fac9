/** A page compiles nothing, and keeps nothing. */
export const cachedObject = (_key: string, _compiler?: string): Promise<Uint8Array | undefined> =>
  Promise.resolve(undefined);

export const keepObject = (_key: string, _compiler: string, _bytes: Uint8Array): Promise<void> => Promise.resolve();
