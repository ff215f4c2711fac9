/* The parts of `deno task ask-kernels` that need no other kernel. */
import { describe, expect, it } from "vitest";
import { parseAnswers } from "../../lib/tasks/ask_kernels/answers.ts";
import { initramfs } from "../../lib/tasks/ask_kernels/initramfs.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("what the loader says", () => {
  it("is read by its lengths, whatever the log holds", () => {
    const log = "@ 9 9 9 9\nR1 invalid mem access\n", warning = "libbpf: no\n";
    const answers = parseAnswers(bytes(
      `# 6.1.0 x86_64 #1 SMP Debian\n? bpf_key_put\n@ 0 0 0 0\n\n@ 1 13 ${log.length} ${warning.length}\n${log}${warning}\n# end\n`,
    ));
    expect(answers).toEqual({
      release: "6.1.0",
      arch: "x86_64",
      version: "#1 SMP Debian",
      functions: ["bpf_key_put"],
      answers: [
        { number: 0, errno: 0, log: "", messages: "" },
        { number: 1, errno: 13, log, messages: warning },
      ],
      isComplete: true,
    });
  });

  it("is what came before a machine was stopped", () => {
    const cut = parseAnswers(bytes("# 6.1.0 x86_64 #1\n@ 0 0 0 0\n\n@ 1 13 100 0\nR1 inv"));
    expect(cut.answers.map(({ number }) => number)).toEqual([0]);
    expect(cut.isComplete).toBe(false);
    expect(() => parseAnswers(bytes("Kernel panic"))).toThrow("did not start");
  });
});

describe("the file system that a kernel starts with", () => {
  it("is a cpio archive with the folders before the files", () => {
    const archive = initramfs([
      { path: "init", bytes: bytes("#!"), isExecutable: true },
      { path: "lib/x/libc", bytes: bytes("12345") },
    ]);
    const text = new TextDecoder().decode(archive), found: [string, string, string][] = [];
    for (let at = 0; at < archive.length;) {
      expect(text.slice(at, at + 6)).toBe("070701");
      const field = (index: number) => parseInt(text.slice(at + 6 + 8 * index, at + 14 + 8 * index), 16);
      const size = field(6), nameLength = field(11), dataAt = (at + 110 + nameLength + 3) & ~3;
      const name = text.slice(at + 110, at + 110 + nameLength - 1);
      found.push([name, field(1).toString(8), text.slice(dataAt, dataAt + size)]);
      at = (dataAt + size + 3) & ~3;
    }
    expect(found).toEqual([
      ["lib", "40755", ""],
      ["lib/x", "40755", ""],
      ["init", "100755", "#!"],
      ["lib/x/libc", "100644", "12345"],
      ["TRAILER!!!", "0", ""],
    ]);
  });
});
