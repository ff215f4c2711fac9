/** clang as WebAssembly: fetched, kept, told apart, stopped. */
import process from "node:process";
import { describe, expect, it } from "vitest";
import { type CompileOptions, prepare } from "../../lib/compile/compile.ts";
import { CompileError, type Diagnostic } from "../../lib/compile/compile_error.ts";
import { builtinHeaders } from "../../lib/compile/tar.ts";
import { fetchedWasmClang, WASM_CLANG_NAME } from "../../lib/compile/wasm_package.ts";
import { compileInThread } from "../../lib/compile/wasm_thread.ts";
import { isLoad } from "../../lib/isa/insn.ts";
import { loadObject } from "../../lib/object/load.ts";
import { lineOf } from "../../lib/object/bpf_object.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { compileHere } from "../codegen/wasm_compiler.ts";

const compiler = await fetchedWasmClang();
const reason = compiler ? "" : " (skipped: the compiler is not fetched)";
const withCompiler = compiler ? it : it.skip;

/** Node takes no thread out of a TypeScript file; in the package it is JavaScript. */
const hasThreads = process.versions.deno !== undefined;
const inThread = (source: string, options: CompileOptions = {}): Promise<Uint8Array> =>
  hasThreads ? compileInThread(compiler!, prepare(source, options)) : compileHere(source, options);
const refusal = (source: string, options: CompileOptions = {}): Promise<readonly Diagnostic[]> =>
  inThread(source, options).then(() => [], (error) => {
    if (!(error instanceof CompileError)) throw error;
    return error.diagnostics;
  });

describe("clang as WebAssembly", () => {
  withCompiler(`compiles a listing, with its lines${reason}`, { timeout: 60_000 }, async () => {
    const source = 'int counter;\nSEC("raw_tp") int count(void *ctx)\n{\n\tcounter += 3;\n\treturn 0;\n}\n';
    const object = loadObject(await inThread(source), "the listing", source);
    expect((await simulate(object, { cpus: 1, invocations: 5 })).final.counter).toBe(15n);
    const [program] = object.programs, store = program.insns.findIndex(({ opcode }) => opcode === 0x63);
    expect(lineOf(program, store)).toMatchObject({ line: 4, text: "counter += 3;" });
  });

  withCompiler(`has clang's own headers and ours${reason}`, { timeout: 60_000 }, async () => {
    const source = '#include <stdarg.h>\n#include <limits.h>\n#include "bpf/bpf_endian.h"\n' +
      'long long most = LLONG_MAX; SEC("raw_tp") int f(void *c) { return bpf_htons(1); }';
    const data = loadObject(await inThread(source), "x").maps[0].data!;
    expect([...data.bytes]).toEqual([255, 255, 255, 255, 255, 255, 255, 127]);
  });

  withCompiler(`compares where a switch could be a table in memory${reason}`, { timeout: 60_000 }, async () => {
    const cases = [5, 17, 3, 91, 8, 44, 2].map((value, i) => `case ${i}: return ${value};`).join(" ");
    const source = `int n; SEC("raw_tp") int f(void *c) { switch (n) { ${cases} } return 0; }`;
    const object = loadObject(await inThread(source), "x");
    expect(object.programs[0].insns.filter(isLoad).length).toBe(1);
    expect(object.maps.map(({ name }) => name).filter((name) => name.includes("rodata"))).toEqual([]);
  });

  withCompiler(`points at the line that clang refuses${reason}`, { timeout: 60_000 }, async () => {
    expect(await refusal("int x;\nint f(void) {\n  return x +;\n}")).toMatchObject([
      { severity: "error", line: 3, column: 13, message: "expected expression" },
    ]);
  });

  withCompiler(`refuses by name what the back end does not know, at the line that comes to it${reason}`, {
    timeout: 60_000,
  }, async () => {
    const [told] = await refusal('float x;\nSEC("raw_tp") int f(void *c)\n{\n  x *= 2;\n  return 0;\n}');
    expect(told).toMatchObject({ line: 4, severity: "error" });
    expect(told.message).toMatch(/^the instruction fmul is not supported; .*INTERLEAVE_CLANG=zig/);
  });

  withCompiler(
    `says of what BPF cannot do what is said of any clang's refusal${reason}`,
    { timeout: 60_000 },
    async () => {
      const [told] = await refusal('int x;\nSEC("raw_tp") int f(void *c)\n{\n  __sync_synchronize();\n  return x;\n}');
      expect(told).toMatchObject({ line: 4, severity: "error" });
      expect(told.message).toMatch(/^BPF has no fence instruction/);
    },
  );

  const withThread = hasThreads ? withCompiler : it.skip;
  withThread(`is stopped when the time is up${reason || (hasThreads ? "" : " (skipped: needs Deno's threads)")}`, {
    timeout: 60_000,
  }, async () => {
    expect(await refusal("int x;", { limitMs: 1 })).toMatchObject([{
      message: "the compiler took longer than 0.001 s",
    }]);
  });

  it("has a name that tells versions of clang and of the back end apart", () => {
    expect(WASM_CLANG_NAME).toMatch(/^clang \d+\.\d+\.\d+ as WebAssembly, back end \d+$/);
  });
});

describe("the archive of clang's headers", () => {
  it("gives those of the C language, by name", () => {
    const encoder = new TextEncoder(),
      files = [["include/stdarg.h", "A"], ["include/c++/v1/vector", "B"], ["lib/x.a", "C"]];
    const blocks = files.flatMap(([name, text]) => {
      const header = new Uint8Array(512), body = new Uint8Array(512);
      header.set(encoder.encode(name));
      header.set(encoder.encode("00000000001\0"), 124);
      body.set(encoder.encode(text));
      return [header, body];
    });
    const archive = new Uint8Array(512 * (blocks.length + 2));
    blocks.forEach((block, index) => archive.set(block, index * 512));
    expect([...builtinHeaders(archive)]).toEqual([["stdarg.h", "A"]]);
  });
});
