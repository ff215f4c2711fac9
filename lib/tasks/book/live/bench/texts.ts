/** What a bench says. */
import { t, translated } from "../../../../words/translation.ts";
import { SERVE, texts as common } from "../texts.ts";
import type { View } from "./link.ts";

export const texts = translated({
  listing: "Listing",
  edited: "(your own text)",
  object: (name: string) => t`(object ${name})`,
  cpus: "CPUs",
  invocations: "Runs on each CPU",
  seed: "Seed",
  schedule: "Schedule",
  scheduleHint: "0 1*2 0",
  workload: "Workload as JSON: which program runs where, interrupts, user space",
  workloadHint: '{ "programs": [{ "prog": "writer", "cpus": [0] }, { "prog": "reader", "cpus": [1] }] }',
  views: {
    run: "Run",
    explore: "Every schedule",
    play: "Play by hand",
    replay: "Replay the schedule",
    verify: "Ask the verifier",
  } satisfies Record<View, string>,
  interrupt: "Interrupt",
  link: "Copy link",
  embed: "Copy iframe",
  copied: "Copied.",
  copyThis: "Copy this:",
  longLink: (characters: number) =>
    t`The link has ${characters.toLocaleString("en-US")} characters: some programs cut it.`,
  fetching: "Fetching the laboratory …",
  running: "Running …",
  compilerThere: common.compilerThere,
  done: "Done.",
  failed: "It ended with an error.",
  stopped: "Stopped.",
  stopping: "Stopping …",
  noObject: "An object file ends in .o and begins with the letters ELF; this is none.",
  took: (name: string) => t`${name} is on the bench in the place of the listing. Choose a listing to take it away.`,
  drop: "Or drop an object file here that clang made for BPF.",
  noCompiler:
    "This text is not one of the book's, whose objects come with it, and this page has no C compiler now. Three ways on: ",
  ways: [
    ["run it in JupyterLab: ", "npx -y deno@2.8.1 task start"],
    ["serve the book yourself, then this page compiles with your clang: ", SERVE],
    ["or compile it and drop the object onto this page: ", "clang -target bpf -O2 -g -c listing.bpf.c"],
  ],
  open: "Open on the bench",
});
