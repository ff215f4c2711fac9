/** vitest's API on `deno test`, so that the same test files also pass under `npx vitest run`. */
import * as chai from "chai";
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";

export { after as afterAll, afterEach, before as beforeAll, beforeEach, describe, it, it as test } from "node:test";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

// deno-lint-ignore no-explicit-any -- the matchers are added to chai at run time
export const expect: any = (value: unknown, message?: string) => chai.expect(value, message);
Object.assign(expect, chai.expect);
