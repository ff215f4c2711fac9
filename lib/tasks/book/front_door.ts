/** The site's first page: what the book is, a counter that loses updates in it, the chapters, ways to run it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { simulate } from "../../backends/simulator.ts";
import { bpf } from "../../compile/bpf.ts";
import type { Notebook } from "../../jupyter/notebook_file.ts";
import { player } from "../../player/player.ts";
import { reportBundle } from "../../report/bundle.ts";
import { escapeHtml } from "../../report/markdown.ts";
import { titleOf } from "./chapter.ts";
import { markdownToHtml } from "./live/markdown.ts";
import { t } from "../../words/translation.ts";

/** The chapter whose first listing is alive on the page, and whose table says what the others are about. */
const FIRST = "00_start";
/** The listing's name among those of the bench. */
const LISTING = `${FIRST}_cell_2`;

export interface FrontDoor {
  readonly markdown: string;
  /** By file name. */
  readonly pictures: ReadonlyMap<string, Uint8Array>;
}

/**
 * @param project folder of a checkout
 * @param chapters by file name without ending
 * @param repository address of the project, where it is known
 */
export async function frontDoor(
  project: string,
  chapters: ReadonlyMap<string, Notebook>,
  repository?: string,
): Promise<FrontDoor> {
  const about = subjects(chapters.get(FIRST)), pictures = new Map<string, Uint8Array>(), cards: string[] = [];
  for (const [name, notebook] of chapters) {
    const picture = firstPicture(notebook), title = escapeHtml(titleOf(notebook, name));
    if (picture) pictures.set(`${name}.png`, picture.bytes);
    const image = picture
      ? `<img src="_static/chapters/${name}.png" width="${picture.width}" height="${picture.height}" loading="lazy" alt="">`
      : "";
    const text = about.get(name) ?? t`the counter above, and what the rest is about`;
    cards.push(
      `<a class="door-card" href="${name}.html">${image}<strong>${title}</strong><span>${escapeHtml(text)}</span></a>`,
    );
  }
  const markdown = [
    "# Interleave",
    t`A BPF program runs on every CPU of a kernel at the same time. Here you edit one, run it, and see what the CPUs do to its data: which updates are lost, in which order of steps, and whether a fix holds in every order.`,
    ...await counter(chapters.get(FIRST)),
    `## ${t`Chapters`}`,
    html(`<div class="door-cards">${cards.join("")}</div>`),
    `## ${t`Ways to run it`}`,
    ...waysToRun(repository),
    `## ${t`Licence, and how to cite it`}`,
    citation(readFileSync(join(project, "CITATION.cff"), "utf8")),
    [
      `[${t`The bench`}](play.md)`,
      `<a href="api/index.html">${t`Reference of the library`}</a>`,
      ...repository ? [`[${t`Source`}](${repository})`] : [],
    ].join(" · "),
    `\`\`\`{toctree}\n:hidden:\n:maxdepth: 1\n\n${[...chapters.keys()].join("\n")}\nplay\n\`\`\``,
  ].join("\n\n");
  return { markdown: `${markdown}\n`, pictures };
}

/** A block that Markdown leaves alone: no empty line may end it. */
const html = (text: string): string => text.replace(/\n\s*\n/g, "\n");

/** The listing, one run of it as the page came, and the game of its schedules. */
async function counter(first: Notebook | undefined): Promise<string[]> {
  const cell = first?.cells.find(({ cell_type: type }) => type === "code")?.source;
  const source = cell && /\bbpf`([^`$]*)`/.exec(cell)?.[1];
  if (!source) return [];
  const racy = await bpf(source as unknown as TemplateStringsArray),
    run = await simulate(racy, { cpus: 2, invocations: 1000, seed: 1 });
  const report = markdownToHtml(String(reportBundle(run)?.["text/markdown"]));
  const game = (await (await player(racy, { cpus: 2, invocations: 1 })).toBundle())["text/html"];
  return [
    `\`\`\`c\n${source.trim()}\n\`\`\``,
    t`Two CPUs run it a thousand times each. Press **Run**; then take more CPUs, or another seed.`,
    html(`<div data-bench="hero" data-listing="${LISTING}">${report}</div>`),
    t`How can that be? Be the scheduler: each click lets a CPU take its next step.`,
    html(`<div class="door-game">${game}</div>`),
  ];
}

/** What the first chapter's table says of each chapter. */
function subjects(first: Notebook | undefined): Map<string, string> {
  const text = first?.cells.map(({ source }) => source).join("\n") ?? "";
  return new Map(
    [...text.matchAll(/^\| \[[^\]]+\]\((\w+)\.ipynb\) \| (.+?) \|$/gm)].map(([, name, about]) => [name, about]),
  );
}

interface Picture {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

function firstPicture({ cells }: Notebook): Picture | undefined {
  for (const cell of cells) {
    for (const output of cell.cell_type === "code" ? cell.outputs : []) {
      const png = "data" in output && output.data["image/png"];
      if (typeof png !== "string") continue;
      const size = ("metadata" in output && output.metadata["image/png"]) as
        | { width: number; height: number }
        | undefined;
      const bytes = Uint8Array.from(atob(png.replaceAll("\n", "")), (one) => one.charCodeAt(0));
      return { bytes, width: size?.width ?? 760, height: size?.height ?? 430 };
    }
  }
  return undefined;
}

function waysToRun(repository: string | undefined): string[] {
  const ways = [
    t`**Here.** Each chapter's cells run in its page, with nothing to install; your changes stay in this browser. A C compiler is fetched when you first change a listing (23 MB, once). After that no network is needed.`,
    t`**JupyterLab, on your computer**, where \`threads\` are measured and the machine \`linux\` asks your own kernel; in a checkout, with Node 20 and Python 3.10: \`npx -y deno@2.8.1 task start\`.`,
    t`**This site, on your computer**, where its pages compile with your own clang: \`npx -y deno@2.8.1 task serve\`.`,
  ];
  const path = repository && /^https:\/\/github\.com\/([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(repository)?.[1];
  if (path) {
    ways.push(
      `**${t`In the cloud.`}** [![Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/${path}/HEAD?urlpath=lab/tree/notebooks/00_start.ipynb) [![Codespaces](https://github.com/codespaces/badge.svg)](https://codespaces.new/${path})`,
    );
  }
  return [ways.map((way) => `- ${way}`).join("\n")];
}

/** In words and as BibTeX, out of CITATION.cff. */
function citation(cff: string): string {
  const field = (name: string) => new RegExp(`^\\s*(?:- )?${name}: "?(.*?)"?$`, "m").exec(cff)?.[1] ?? "";
  const title = field("title"), authors = field("name"), version = field("version"), licence = field("license");
  const how = t`${licence} licence. ${authors}: *${title}*, version ${version}.`;
  return `${how}

\`\`\`bibtex
@software{interleave,
  author  = {{${authors}}},
  title   = {{${title}}},
  version = {${version}},
  license = {${licence}}
}
\`\`\``;
}
