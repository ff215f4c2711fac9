/** vitest's API on `deno test`, so that the same test files also pass under `npx vitest run`. */
import * as chai from "chai";
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";
import { it as nodeIt } from "node:test";

export { after as afterAll, afterEach, before as beforeAll, beforeEach, describe } from "node:test";

/** A test that hangs must fail in the end: Deno would wait for it for ever, and CI with it. */
const LIMIT_MS = 300_000;

type Body = () => unknown;
interface Limit {
  /** Milliseconds, as vitest takes them. */
  readonly timeout: number;
}

const limited = (body: Body, limitMs: number) => async (): Promise<void> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    const late = () => reject(new Error(`the test has not ended after ${limitMs / 1000} s`));
    timer = setTimeout(late, limitMs);
  });
  try {
    await Promise.race([body(), limit]);
  } finally {
    clearTimeout(timer);
  }
};

function limitedIt(name: string, ...rest: [Body] | [Limit, Body]): unknown {
  const [{ timeout }, body] = rest.length === 2 ? rest : [{ timeout: LIMIT_MS }, rest[0]] as const;
  return nodeIt(name, limited(body, timeout));
}

// deno-lint-ignore no-explicit-any -- tests use `it(name, body)`, `it(name, { timeout }, body)` and `it.skip` only
export const it: any = Object.assign(limitedIt, { skip: nodeIt.skip });
export { it as test };

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

// deno-lint-ignore no-explicit-any -- the matchers are added to chai at run time
export const expect: any = (value: unknown, message?: string) => chai.expect(value, message);
Object.assign(expect, chai.expect);
