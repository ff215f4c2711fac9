/** vitest's API on `deno test`, so that the same test files also pass under `npx vitest run`. */
import * as chai from "chai";
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";
import { it as nodeIt } from "node:test";

export { after as afterAll, afterEach, before as beforeAll, beforeEach, describe } from "node:test";

/** A test that hangs must fail in the end: Deno would wait for it for ever, and CI with it. */
const LIMIT_SECONDS = 300;

type Body = () => unknown;

const limited = (body: Body) => async (): Promise<void> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    const late = () => reject(new Error(`the test has not ended after ${LIMIT_SECONDS} s`));
    timer = setTimeout(late, LIMIT_SECONDS * 1000);
  });
  try {
    await Promise.race([body(), limit]);
  } finally {
    clearTimeout(timer);
  }
};

export const it: typeof nodeIt = Object.assign(
  (name: string, body: Body) => nodeIt(name, limited(body)),
  nodeIt,
  // deno-lint-ignore no-explicit-any -- tests use `it(name, body)` and `it.skip` only
) as any;
export { it as test };

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

// deno-lint-ignore no-explicit-any -- the matchers are added to chai at run time
export const expect: any = (value: unknown, message?: string) => chai.expect(value, message);
Object.assign(expect, chai.expect);
