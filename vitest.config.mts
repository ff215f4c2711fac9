/**
 * `npx vitest run` for the tests that `deno task test` runs, under Node. npx keeps vitest outside of the project (Deno
 * cannot install it where a registry lacks one of its packages for other platforms), so the tests' import of
 * "vitest" is pointed at the copy that runs. The other packages are those that Deno has put into node_modules.
 */
import { execFileSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const project = dirname(fileURLToPath(import.meta.url));
if (!existsSync(join(project, "node_modules", "fast-check"))) {
  // What `npx -p PACKAGE` was told would be taken for the packages of this npx, too.
  const { npm_config_package: _, ...env } = process.env;
  execFileSync("npx", ["-y", "deno@2.8.1", "install"], { cwd: project, stdio: "inherit", env });
}

export default {
  resolve: {
    alias: [
      { find: /^vitest$/, replacement: join(dirname(realpathSync(process.argv[1])), "dist", "index.js") },
      { find: /^interleave$/, replacement: join(project, "lib", "mod.ts") },
    ],
  },
  test: {
    include: ["tests/**/*_test.ts"],
    pool: "forks",
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
};
