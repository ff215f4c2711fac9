/** Makes the chapter that is open live: an editor for each cell, a kernel for the page, and what the browser keeps. */
import { button, element, LiveCell } from "./cell.ts";
import { downloadNotebook } from "./download.ts";
import { hasOtherListing } from "./edited_listings.ts";
import { KernelClient } from "./kernel_client.ts";
import { keepEdits, keptEdits } from "./kept.ts";
import type { ChapterData, FromKernel } from "./messages.ts";
import { PageDisplays } from "./outputs.ts";
import { texts } from "./texts.ts";
import { EDITION } from "./words.ts";

/** Name of the kernel's script, which changes with what is in it. */
declare const KERNEL: string;

const here = (name: string): URL => new URL(name, import.meta.url);

class LiveNotebook {
  readonly #cells: readonly LiveCell[];
  readonly #status = element("span", "live-status");
  readonly #kernel: KernelClient;
  #displays = new PageDisplays();
  /** Cells that run or wait for it, the running one first. */
  #queue: LiveCell[] = [];
  #executionCount = 0;

  constructor(readonly chapter: ChapterData, roots: readonly Element[], bar: Element) {
    this.#cells = roots.map((root, index) => {
      const cell: LiveCell = new LiveCell(root, index, {
        changed: () => {
          this.#keep();
          if (hasOtherListing(cell.text, cell.original)) this.#kernel.prepare();
        },
        run: (goOn) => this.#runOne(cell, goOn),
      });
      return cell;
    });
    this.#kernel = new KernelClient(here(KERNEL), {
      ready: () => this.#sayRunning(),
      broadcast: ({ cell, broadcast }) => this.#cells[cell].add(broadcast),
      done: (message) => this.#done(message),
      news: (text) => {
        this.#say(text || texts.compilerThere);
        if (text === "") this.#sayRunning();
      },
      lost: (why) => this.#lose(why),
    });
    this.#status.setAttribute("role", "status");
    bar.append(
      button(texts.runAll, () => this.run(this.#cells)),
      button(texts.interrupt, () => this.interrupt()),
      button(texts.reset, () => this.reset()),
      button(texts.download, () => this.download()),
      labHelp(`${chapter.name}.ipynb`),
      this.#status,
    );
    this.#restore();
  }

  /** Puts editors in the place of the chapter's listings. */
  async edit(): Promise<void> {
    const { makeEditor } = await import("./editor.ts");
    for (const cell of this.#cells) cell.edit(makeEditor);
  }

  /** Runs cells in their order, after those that run or wait already; a failure ends it. */
  run(cells: readonly LiveCell[]): void {
    const isIdle = this.#queue.length === 0;
    this.#queue.push(...cells.filter((cell) => !this.#queue.includes(cell)));
    if (isIdle) this.#next();
  }

  #runOne(cell: LiveCell, goOn: boolean): void {
    this.run([cell]);
    if (goOn) this.#cells[cell.index + 1]?.focus();
  }

  #next(): void {
    const [cell] = this.#queue;
    if (!cell) return this.#say(texts.ran);
    cell.begin(this.#displays);
    this.#say(this.#kernel.isStarted ? texts.running(cell.index + 1, this.#queue.length - 1) : texts.fetching);
    const { code } = this.chapter.cells[cell.index];
    this.#kernel.run(cell.index, cell.text, cell.isEdited ? undefined : code);
  }

  #sayRunning(): void {
    const [cell] = this.#queue;
    if (cell) this.#say(texts.running(cell.index + 1, this.#queue.length - 1));
  }

  #done({ error }: FromKernel & { kind: "done" }): void {
    const cell = this.#queue.shift()!;
    cell.executionCount = ++this.#executionCount;
    cell.end(error && this.#wayOut(cell, error));
    if (!error) return this.#next();
    this.#queue = [];
    this.#say(error.name === "Stopped" ? texts.stopped : texts.failed(cell.index + 1));
  }

  /** A name that a cell above declares is missing, as that cell has not been run: one button does it. */
  #wayOut(cell: LiveCell, { name, text }: { name: string; text: string }): HTMLButtonElement | undefined {
    const missing = name === "ReferenceError" && /^([\w$]+) is not defined/.exec(text)?.[1];
    const above = this.#cells.slice(0, cell.index);
    if (!missing || !above.some(({ index }) => this.chapter.cells[index].names.includes(missing))) return undefined;
    return button(texts.runAbove, () => this.run([...above, cell]), "live-above");
  }

  interrupt(): void {
    if (this.#queue.length === 0) return;
    this.#queue.length = 1;
    this.#say(texts.stopping);
    this.#kernel.stop();
  }

  /** The cells stay as they are; what they made is gone. */
  #lose(why: string): void {
    for (const cell of this.#queue) cell.end();
    this.#queue = [];
    this.#executionCount = 0;
    this.#displays = new PageDisplays();
    this.#say(why);
  }

  /** The chapter as it came, and a new kernel. */
  reset(): void {
    const edited = this.#cells.filter((cell) => cell.isEdited).length;
    if (edited > 0 && !confirm(texts.askReset(edited))) return;
    this.#kernel.end();
    this.#lose(texts.asItCame);
    for (const cell of this.#cells) cell.reset();
  }

  async download(): Promise<void> {
    const isComplete = await downloadNotebook(this.chapter, this.#cells);
    if (!isComplete) this.#say(texts.noPictures);
  }

  #restore(): void {
    const edits = keptEdits(this.chapter.name);
    this.chapter.cells.forEach(({ id }, index) => {
      const text = edits.get(id);
      if (text !== undefined) this.#cells[index].restore(text);
    });
    const edited = this.#cells.filter((cell) => cell.isEdited).length;
    this.#say(edited > 0 ? texts.edited(edited) : texts.begin);
  }

  #keep(): void {
    const edited = this.#cells.filter((cell) => cell.isEdited);
    const edits = new Map(edited.map((cell) => [this.chapter.cells[cell.index].id, cell.text]));
    if (!keepEdits(this.chapter.name, edits)) this.#say(texts.notKept);
  }

  #say(text: string): void {
    this.#status.textContent = text;
  }
}

/** How to go on in JupyterLab: on the reader's own computer, where no server is needed. */
function labHelp(file: string): Element {
  const details = element("details", "live-lab"), summary = element("summary"), how = element("p");
  summary.textContent = texts.lab;
  const command = element("code");
  command.textContent = texts.labStart(file);
  how.append(texts.labHow(file), command);
  details.append(summary, how);
  return details;
}

/** Makes the page live; `bar` is filled with what concerns all cells. */
export async function start(roots: readonly Element[], bar: Element): Promise<void> {
  const name = decodeURIComponent(location.pathname).replace(/^.*\//, "").replace(/\.html$/, "");
  const response = await fetch(here(EDITION === "en" ? `chapters/${name}.json` : `chapters/${EDITION}/${name}.json`));
  if (!response.ok) return bar.remove();
  const notebook = new LiveNotebook(await response.json(), roots, bar);
  await notebook.edit();
}
