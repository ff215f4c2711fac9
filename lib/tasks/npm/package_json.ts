/** What package.json says, out of what deno.json says. */

/** The part of deno.json that a package is described by. */
export interface ProjectConfig {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly imports: Readonly<Record<string, string>>;
  /** Address of the repository; Deno itself has no use for it. */
  readonly repository?: string;
}

/**
 * The package.json of the npm package.
 *
 * @param modules texts of the package's modules and declarations: what they import are its dependencies
 * @param twins modules, by their paths in `dist` without ending, that have one for browsers beside them
 * @throws SyntaxError for an npm import without an exact version
 */
export function packageJson(
  config: ProjectConfig,
  modules: readonly string[],
  twins: readonly string[] = [],
): Record<string, unknown> {
  const used = Object.entries(config.imports).filter(([specifier, target]) =>
    target.startsWith("npm:") && modules.some((text) => text.includes(`"${specifier}"`))
  );
  const { name, version, license, repository } = config;
  return {
    ...{ name, version, license },
    description: "A laboratory for eBPF concurrency: simulate and search what many CPUs do to a BPF listing",
    keywords: ["ebpf", "bpf", "concurrency", "model-checking", "simulator"],
    type: "module",
    engines: { node: ">=20" },
    ...(repository && {
      homepage: `${repository}#readme`,
      repository: { type: "git", url: `git+${repository}.git` },
      bugs: { url: `${repository}/issues` },
    }),
    exports: {
      ".": { types: "./dist/mod.d.ts", browser: "./dist/browser.js", default: "./dist/mod.js" },
      "./page": { types: "./dist/host/page.d.ts", default: "./dist/host/page.js" },
      "./package.json": "./package.json",
    },
    browser: Object.fromEntries(twins.map((path) => [`./dist/${path}.js`, `./dist/${path}.browser.js`])),
    sideEffects: ["./dist/browser.js"],
    bin: { interleave: "dist/cli.js" },
    files: ["dist", "README.md", "LICENSE", "CHANGELOG.md"],
    dependencies: Object.fromEntries(used.map(([, target]) => nameAndVersion(target))),
  };
}

function nameAndVersion(target: string): [string, string] {
  const match = /^npm:(@?[^@]+)@([\d.]+)$/.exec(target);
  if (!match) throw new SyntaxError(`deno.json: ${target} is not npm:NAME@VERSION`);
  return [match[1], match[2]];
}
