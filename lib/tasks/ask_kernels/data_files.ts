/** What `deno task ask-kernels` writes. */
const beside = (name: string): URL => new URL(`../../verifier/kernel/${name}`, import.meta.url);

export const RECORDED_PATH = beside("recorded_verdicts.json");
export const FOLLOWED_PATH = beside("followed_features.json");
