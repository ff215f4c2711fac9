/** Names are data: whatever an object calls its things, no terminal and no page takes it for a command. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { loadObject } from "../../lib/object/load.ts";
import { disassembleObject } from "../../lib/object/program_listing.ts";
import { reportBundle } from "../../lib/report/bundle.ts";
import { fenced } from "../../lib/report/markdown.ts";
import { explore } from "../../lib/search/explore.ts";
import { printable } from "../../lib/words/printable.ts";

const object = await bpf`
int some_counter_name;
SEC("raw_tp") int some_program_name(void *ctx) { some_counter_name += 1; return 0; }
`;

// deno-lint-ignore no-control-regex -- these are what must not be there
const COMMAND = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f]/;

/** The object with every occurrence of a name overwritten by another of the same length. */
function renamed(name: string, other: string): Uint8Array<ArrayBuffer> {
  const bytes = object.bytes.slice(), from = new TextEncoder().encode(name), to = new TextEncoder().encode(other);
  for (let at = 0; at + from.length <= bytes.length; at++) {
    if (from.every((byte, i) => bytes[at + i] === byte)) bytes.set(to.subarray(0, from.length), at);
  }
  return bytes as Uint8Array<ArrayBuffer>;
}

describe("printable", () => {
  it("leaves text, tabs and line feeds as they are, and writes commands out", () => {
    expect(printable("größe\tλ 计数\n")).toBe("größe\tλ 计数\n");
    expect(printable("a\x1b[31mb\u202ec")).toBe("a\\x1b[31mb\\u{202e}c");
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => !COMMAND.test(printable(text))));
  });

  it("a fence is longer than any in the text", () => {
    expect(fenced("a\n````\n<b>")).toBe("`````text\na\n````\n<b>\n`````");
  });

  it("names of programs and variables are shown, not obeyed: dump, simulate, explore, in every form", async () => {
    const bytes = renamed("some_program_name", "\x1b[2J\u202eprogram_x").slice();
    const evil = loadObject(bytes, "evil.o");
    expect(evil.programs[0].name).toContain("\\x1b[2J\\u{202e}");
    const shown = [disassembleObject(evil)];
    for (const result of [await simulate(evil, { verify: false }), await explore(evil, {})]) {
      shown.push(...Object.values(reportBundle(result)!));
    }
    for (const text of shown) expect(COMMAND.test(text)).toBe(false);
    const ticks = loadObject(renamed("some_counter_name", "```<script>```abc"), "ticks.o");
    const markdown = reportBundle(await simulate(ticks, { verify: false }))!["text/markdown"];
    expect(markdown).toContain("'''<script>'''abc");
    expect(markdown.replaceAll(/`[^`\n]*`/g, "")).not.toContain("<script>"); // only inside a code span
  });
});
