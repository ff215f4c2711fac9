/** The BPF dialect of litmus files: widths, arrays, constants, registers, headers. States were worked out by hand. */
import { describe, expect, it } from "vitest";
import { LitmusError } from "../../lib/search/litmus/litmus_file.ts";
import { parseLitmus } from "../../lib/search/litmus/parse.ts";
import { litmusJson, litmusText } from "../../lib/search/litmus/report.ts";
import { runLitmus } from "../../lib/search/litmus/run.ts";

/** One column, or several with cells in rows. */
interface Case {
  readonly about: string;
  readonly init: string;
  readonly rows: readonly string[];
  readonly tail: string;
  readonly states: readonly string[];
  readonly observation: string;
}

function source({ init, rows, tail }: Pick<Case, "init" | "rows" | "tail">, header = "BPF dialect"): string {
  const columns = Math.max(...rows.map((row) => row.split(/\|(?!=)/).length));
  const names = Array.from({ length: columns }, (_, p) => `P${p}`).join(" | ");
  return `${header}\n{\n${init}\n}\n${names} ;\n${rows.join(" ;\n")} ;\n${tail}\n`;
}

const run = async (text: string) =>
  litmusJson(await runLitmus(parseLitmus(text))) as { states: string[]; observation: string };

const ALL_REGISTERS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

const cases: readonly Case[] = [
  {
    about: "a number without a type is printed and compared as an int, registers keep all 64 bits",
    init: "0:r1=x; 0:r2=4294967297;",
    rows: ["*(u32 *)(r1 + 0) = r2", "r3 = *(u64 *)(r1 + 0)", "r3 >>= 32"],
    tail: "locations [0:r2; 0:r3; x;]\nexists (x=1 /\\ 0:r3=1)",
    states: ["0:r2=1; 0:r3=1; [x]=1;"],
    observation: "Always",
  },
  {
    about: "types of the init block say how numbers are printed",
    init: "uint64_t a=-1; int64_t b=-1; uint32_t c=-1; int8_t d=511; uint8_t e=-1; int16_t f=65535; uint64_t 0:r1=-2;",
    rows: ["r0 = 0"],
    tail: "locations [0:r1; a; b; c; d; e; f;]\nexists (c=-1)",
    states: [
      "0:r1=18446744073709551614; [a]=18446744073709551615; [b]=-1; [c]=4294967295; [d]=-1; [e]=255; [f]=-1;",
    ],
    observation: "Always",
  },
  {
    about: "arrays: elements lie side by side, states show them whole or one by one",
    init: "int t[3]={7,8,9}; uint8_t s[2]; 0:r1=t; 0:r2=s; 1:r1=t;",
    rows: [
      "*(u32 *)(r1 + 4) = 1  | r1 += 8",
      "*(u8 *)(r2 + 1) = 300 | r3 = *(u32 *)(r1 - 4)",
    ],
    tail: "locations [t; s; t[2];]\nexists (t={7,1,9} /\\ t[1]=1 /\\ 1:r3=8)",
    states: ["1:r3=1; s={0,44}; t={7,1,9}; t[1]=1; t[2]=9;", "1:r3=8; s={0,44}; t={7,1,9}; t[1]=1; t[2]=9;"],
    observation: "Sometimes",
  },
  {
    about: "a filter may look at what states do not show",
    init: "0:r1=x; 1:r1=x;",
    rows: ["*(u32 *)(r1 + 0) = 1 | r2 = *(u32 *)(r1 + 0)", " | r3 = *(u32 *)(r1 + 0)"],
    tail: "filter (1:r2=0)\nforall (1:r3=0 \\/ 1:r3=1)",
    states: ["1:r3=0;", "1:r3=1;"],
    observation: "Always",
  },
  {
    about: "a filter takes states away",
    init: "0:r1=x; 1:r1=x;",
    rows: ["*(u32 *)(r1 + 0) = 1 | r2 = *(u32 *)(r1 + 0)"],
    tail: "locations [x;]\nfilter (1:r2=1)\nexists (1:r2=0)",
    states: ["1:r2=1; [x]=1;"],
    observation: "Never",
  },
  {
    about: "/= and %= divide signed numbers",
    init: "0:r1=-7; 0:r2=-7; 0:r3=2; 0:r4=7;",
    rows: ["r1 /= r3", "r2 %= 4", "r4 /= -2"],
    tail: "exists (0:r1=-3 /\\ 0:r2=-3 /\\ 0:r4=-3)",
    states: ["0:r1=-3; 0:r2=-3; 0:r4=-3;"],
    observation: "Always",
  },
  {
    about: "constants of more than 32 bits",
    init: "0:r1=x; uint64_t x; uint64_t 0:r2; uint64_t 0:r3;",
    rows: [
      "*(u64 *)(r1 + 0) = 4294967296",
      "r2 = *(u64 *)(r1 + 0)",
      "r2 += 9223372036854775807",
      "if r2 == 4294967295 goto OUT",
      "r3 = 81985529216486895",
      "OUT:",
    ],
    tail: "locations [0:r2; 0:r3; x;]\nexists (x=4294967296)",
    states: ["0:r2=9223372041149743103; 0:r3=81985529216486895; [x]=4294967296;"],
    observation: "Always",
  },
  {
    about: "a column may use every register, r10 among them",
    init: ALL_REGISTERS.filter((r) => r !== 8).map((r) => `0:r${r}=${r + 1};`).join(" ") + " 0:r8=x; int x=1;",
    rows: [
      "r10 += r9",
      "r9 = atomic_fetch_add((u64 *)(r8 + 0), r10)",
      "r0 = cmpxchg_64(r8 + 0, r0, r7)",
      "if r10 != 1 goto OUT",
      "r10 = *(u32 *)(r8 + 0)",
      "r9 += 4294967296",
      "OUT: r9 >>= 32",
    ],
    tail: `locations [${ALL_REGISTERS.map((r) => `0:r${r};`).join(" ")} x;]\nexists (0:fp=22)`,
    states: [
      "0:r0=22; 0:r1=2; 0:r2=3; 0:r3=4; 0:r4=5; 0:r5=6; 0:r6=7; 0:r7=8; 0:r8=x; 0:r9=1; 0:fp=22; [x]=22;",
    ],
    observation: "Always",
  },
  {
    about: "forms of the init block",
    init: "int *p=&y; int [q] = 3; _Atomic int n = ATOMIC_INIT(0x10); y; P0:r1=p; 0:r5",
    rows: ["r2 = *(u64 *)(r1 + 0)", "lock *(u32 *)(r2 + 0) |= r1", "r3 = *(u64 *)(r2 + 0)"],
    tail: "locations [*p; q; n; 0:r5;]\nexists (p=y /\\ 0:r2=y /\\ [q]!=4 /\\ y=p => n=16)",
    states: ["0:r2=y; 0:r5=0; [n]=16; [p]=y; [q]=3; [y]=p;"],
    observation: "Always",
  },
];

describe("the dialect", () => {
  for (const one of cases) {
    it(one.about, async () => {
      const { states, observation } = await run(source(one));
      expect(states).toEqual(one.states);
      expect(observation).toBe(one.observation);
    });
  }
});

describe("the header", () => {
  const body = { init: "0:r1=x;", rows: ["*(u32 *)(r1 + 0) = 1"], tail: "exists (x=1)" };
  const headers = [
    "BPF name.litmus",
    'BPF name\n"a line { about it"',
    "BPF name (tex)",
    "BPF name\n(* a comment { with * ) and (* another *) inside (*) and *) its end *)",
    "BPF name\nCom=Rf Fr\nOrig=nobody",
  ];
  for (const header of headers) {
    it(JSON.stringify(header), async () => {
      const file = parseLitmus(source(body, header));
      expect(file.name).toBe("name");
      expect((await run(source(body, header))).states).toEqual(["[x]=1;"]);
    });
  }
});

it("writes conditions with no more parentheses than herd7", async () => {
  const conditions = [
    ["((x=1 /\\ (y=2 /\\ z=3)))", "([x]=1 /\\ [y]=2 /\\ [z]=3)"],
    ["x=1 \\/ y=2 /\\ z=3", "([x]=1 \\/ [y]=2 /\\ [z]=3)"],
    ["(x=1 \\/ y=2) /\\ z=3", "(([x]=1 \\/ [y]=2) /\\ [z]=3)"],
    ["x=1 => y=2 => ~z=3", "([x]=1 => [y]=2 => not ([z]=3))"],
    ["x=1 /\\ y=2 => z=3", "([x]=1 /\\ ([y]=2 => [z]=3))"],
  ];
  for (const [text, printed] of conditions) {
    const file = parseLitmus(source({ init: "x; y; z;", rows: ["r1 = 1"], tail: `exists ${text}` }));
    expect(litmusText(await runLitmus(file))).toContain(`\nCondition exists ${printed}\n`);
  }
});

describe("what cannot be: the line and the reason", () => {
  const bad = [
    { init: "int x[2]={1};", tail: "exists (x[0]=1)", line: 3, reason: /takes 2 values/ },
    { init: "x[2];", tail: "exists (true)", line: 3, reason: /an array needs a type/ },
    { init: "int x[2];", tail: "exists (x[2]=1)", line: 7, reason: /x has 2 elements/ },
    { init: "int x;", tail: "exists (x[0]=1)", line: 7, reason: /x has no elements/ },
    { init: "float x;", tail: "exists (x=1)", line: 3, reason: /float is no type/ },
  ];
  for (const { init, tail, line, reason } of bad) {
    it(`${reason}`, () => {
      let error: unknown;
      try {
        parseLitmus(source({ init, rows: ["r1 = 1"], tail }));
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(LitmusError);
      expect((error as LitmusError).line).toBe(line);
      expect((error as LitmusError).reason).toMatch(reason);
    });
  }
});
