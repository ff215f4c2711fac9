/** Whoever reads `deno doc lib/mod.ts` finds a description of everything, and an example of everything that runs. */
import process from "node:process";
import { describe, expect, it } from "vitest";
import { projectFolder } from "../../lib/compile/folders.ts";
import { runCommand } from "../../lib/host/run_command.ts";

interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly kind: string;
    readonly jsDoc?: { readonly doc?: string; readonly tags?: readonly { readonly kind: string }[] };
  }[];
}

/** Kinds that exist when the program runs; the others are types. */
const VALUES = ["function", "class", "variable"];

async function publicSymbols(): Promise<readonly DocSymbol[]> {
  const result = await runCommand(process.execPath, ["doc", "--json", "lib/mod.ts"], { cwd: projectFolder });
  expect(result?.status, result?.stderr).toBe(0);
  const { nodes } = JSON.parse(result!.stdout) as {
    readonly nodes: Readonly<Record<string, { readonly symbols: readonly DocSymbol[] }>>;
  };
  return Object.values(nodes).flatMap(({ symbols }) => [...symbols]);
}

describe("the public interface", () => {
  const check = async () => {
    const symbols = await publicSymbols();
    const lack = (test: (symbol: DocSymbol) => boolean) => symbols.filter((one) => !test(one)).map(({ name }) => name);
    expect(symbols.length).toBeGreaterThan(50);
    expect(lack(({ declarations }) => declarations.some(({ jsDoc }) => jsDoc?.doc))).toEqual([]);
    expect(
      lack(({ declarations }) =>
        declarations.every(({ kind, jsDoc }) =>
          !VALUES.includes(kind) || jsDoc?.tags?.some((tag) => tag.kind === "example")
        )
      ),
    ).toEqual([]);
  };
  const name = "is described, with an example of everything that runs";
  const lint = async () => {
    const result = await runCommand(process.execPath, ["doc", "--lint", "lib/mod.ts"], { cwd: projectFolder });
    // deno-lint-ignore no-control-regex -- colours are taken out
    expect(result?.stderr.replaceAll(/\x1b\[[\d;]*m/g, "")).toMatch(/^Checked 1 file\s*$/);
    expect(result?.status).toBe(0);
  };
  const whole = "says what each part of it is, down to the fields, and names no type that it does not show";
  for (const [text, test] of [[name, check], [whole, lint]] as const) {
    if (process.versions.deno) it(text, test);
    else it.skip(`${text} (skipped: deno doc is needed)`, test);
  }
});
