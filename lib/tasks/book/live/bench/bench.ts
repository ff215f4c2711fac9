/** A bench: a listing, what to do with it, and what comes of it; with an address that brings back all of it. */
import { button, element } from "../cell.ts";
import type { CellEditor } from "../editor.ts";
import { KernelClient } from "../kernel_client.ts";
import { Outputs, PageDisplays } from "../outputs.ts";
import { benchCell, SCHEDULE_MIME } from "./cells.ts";
import {
  type BenchState,
  type Example,
  FIRST,
  fromHash,
  LinkError,
  LONG_CHARACTERS,
  toHash,
  type View,
  VIEWS,
} from "./link.ts";
import { texts } from "./texts.ts";

const ELF = [0x7f, 0x45, 0x4c, 0x46];

/** All of it; its figure alone, for a page of somebody else's; or a listing to run at once, for the front door. */
export type BenchForm = "whole" | "embed" | "hero";

export interface BenchOptions {
  readonly root: HTMLElement;
  readonly kernel: URL;
  readonly examples: readonly Example[];
  readonly form: BenchForm;
}

export class Bench {
  readonly #options: BenchOptions;
  readonly #kernel: KernelClient;
  readonly #choice = element("select");
  readonly #editor = element("div", "live-editor");
  readonly #fields: Record<"cpus" | "invocations" | "seed", HTMLInputElement>;
  readonly #schedule = element("input");
  readonly #workload = element("textarea");
  readonly #status = element("span", "live-status");
  readonly #share = element("p", "bench-share");
  readonly #box = element("div", "cell_output");
  #code?: CellEditor;
  #outputs?: Outputs;
  #view: View = FIRST.view;
  #source = "";
  #object?: Uint8Array;
  #isRunning = false;

  constructor(options: BenchOptions) {
    this.#options = options;
    this.#kernel = new KernelClient(options.kernel, {
      ready: () => this.#say(texts.running),
      broadcast: ({ broadcast }) => {
        const found = broadcast.type === "display_data" ? broadcast.content.data[SCHEDULE_MIME] : undefined;
        if (found === undefined) return this.#outputs?.add(broadcast);
        this.#schedule.value = (found as { schedule: string }).schedule;
        this.#write();
      },
      done: ({ error }) => this.#done(error?.name),
      lost: (why) => this.#end(why),
      news: (text) => this.#say(text || (this.#isRunning ? texts.running : texts.compilerThere)),
    });
    this.#fields = { cpus: number(1, 512), invocations: number(1, 1_000_000), seed: number(0, 2 ** 32 - 1) };
    this.#status.setAttribute("role", "status");
    if (options.form === "whole") this.#makeWhole();
    else if (options.form === "embed") this.#makeEmbedded();
    else this.#makeHero();
  }

  /** Shows what an address says, and does it where it says anything. */
  async open(hash: string): Promise<void> {
    try {
      const { state, note } = await fromHash(hash, this.#options.examples);
      this.#put(state);
      if (note) this.#say(note);
      if (hash.length > 1) this.run(state.view);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      if (!this.#source) this.#put({ ...FIRST, source: this.#options.examples[0]?.source ?? "" });
      this.#say(error.message);
    }
  }

  /** Puts an editor in the place of the listing. */
  async edit(): Promise<void> {
    const { makeEditor } = await import("../editor.ts");
    this.#code = makeEditor({
      ...{ text: this.#source, parent: this.#editor, label: texts.listing, language: "c" },
      onChange: () => {
        this.#source = this.#code!.text;
        this.#object = undefined;
        this.#showChoice();
        if (this.#choice.value === "") this.#kernel.prepare();
      },
      onRun: () => this.run(this.#view),
    });
  }

  run(view: View): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#view = view;
    this.#write();
    this.#box.replaceChildren();
    this.#outputs = new Outputs(this.#box, new PageDisplays());
    this.#options.root.classList.add("live-running");
    this.#say(this.#kernel.isStarted ? texts.running : texts.fetching);
    const { code, ...files } = benchCell(this.state);
    this.#kernel.run(0, "", code, files);
  }

  get state(): BenchState {
    const { cpus, invocations, seed } = this.#fields;
    return {
      ...{ view: this.#view, source: this.#source, ...(this.#object && { object: this.#object }) },
      ...{ cpus: cpus.valueAsNumber || FIRST.cpus, invocations: invocations.valueAsNumber || FIRST.invocations },
      ...{ seed: seed.valueAsNumber || 0, schedule: this.#schedule.value.trim(), workload: this.#workload.value },
    };
  }

  #put(state: BenchState): void {
    this.#view = state.view;
    this.#object = state.object;
    this.#takeSource(state.source);
    this.#fields.cpus.value = String(state.cpus);
    this.#fields.invocations.value = String(state.invocations);
    this.#fields.seed.value = String(state.seed);
    this.#schedule.value = state.schedule;
    this.#workload.value = state.workload;
    this.#showChoice();
  }

  #takeSource(source: string): void {
    const { root } = this.#options, object = this.#object;
    this.#source = source;
    if (this.#code) this.#code.text = source;
    else this.#editor.replaceChildren(preformatted(source));
    this.#object = object; // a change in the editor takes it away
    root.classList.toggle("bench-has-object", object !== undefined);
  }

  #done(failure: string | undefined): void {
    this.#end(failure === undefined ? texts.done : failure === "Stopped" ? texts.stopped : texts.failed);
    if (failure === "CompilerMissingError") this.#box.prepend(waysOn());
  }

  #end(status: string): void {
    this.#isRunning = false;
    this.#options.root.classList.remove("live-running");
    this.#say(status);
  }

  #makeWhole(): void {
    const { root, examples } = this.#options;
    const groups = new Map<string, HTMLOptGroupElement>();
    this.#choice.append(new Option(texts.edited, ""));
    for (const { name, title, group } of examples) {
      if (!groups.has(group)) {
        const made = element("optgroup");
        made.label = group;
        groups.set(group, made);
        this.#choice.append(made);
      }
      groups.get(group)!.append(new Option(title, name));
    }
    this.#choice.addEventListener("change", () => {
      const example = examples.find(({ name }) => name === this.#choice.value);
      if (!example) return this.#showChoice();
      this.#object = undefined;
      this.#takeSource(example.source);
      this.#write();
    });
    this.#schedule.placeholder = texts.scheduleHint;
    this.#workload.placeholder = texts.workloadHint;
    this.#workload.rows = 4;
    this.#workload.spellcheck = false;
    const { cpus, invocations, seed } = this.#fields;
    const fields = element("div", "bench-fields");
    fields.append(
      labelled(texts.cpus, cpus),
      labelled(texts.invocations, invocations),
      labelled(texts.seed, seed),
      labelled(texts.schedule, this.#schedule),
    );
    const more = element("details"), summary = element("summary");
    summary.textContent = texts.workload;
    this.#workload.setAttribute("aria-label", texts.workload);
    more.append(summary, this.#workload);
    const bar = element("div", "live-bar");
    bar.append(
      ...VIEWS.map((view) => button(texts.views[view], () => this.run(view))),
      button(texts.interrupt, () => this.interrupt()),
      button(texts.link, () => this.#copy(() => location.href)),
      button(texts.embed, () => this.#copy(() => iframe(new URL(`embed.html${location.hash}`, location.href)))),
      this.#status,
    );
    const drop = element("p", "bench-drop");
    drop.textContent = texts.drop;
    root.replaceChildren(
      ...[labelled(texts.listing, this.#choice), this.#editor, drop, fields, more, bar, this.#share, this.#box],
    );
    this.#takeDrops(root);
    addEventListener("hashchange", () => this.open(location.hash));
  }

  /** Its figure, and the way to all the rest; the page around it hears how high it is. */
  #makeEmbedded(): void {
    const { root } = this.#options, bar = element("div", "live-bar"), open = element("a");
    open.textContent = texts.open;
    open.target = "_blank";
    open.rel = "noopener";
    open.href = `play.html${location.hash}`;
    bar.append(button(texts.views.run, () => this.run(this.#view)), open, this.#status);
    root.replaceChildren(this.#box, bar);
    new ResizeObserver(() =>
      parent.postMessage({ type: "interleave", height: document.documentElement.scrollHeight }, "*")
    ).observe(root);
  }

  /** The page has its listing and the outcome of one run; pressing the button makes others. */
  #makeHero(): void {
    const { root } = this.#options, bar = element("div", "live-bar");
    this.#box.append(...root.childNodes);
    bar.append(
      labelled(texts.cpus, this.#fields.cpus),
      labelled(texts.seed, this.#fields.seed),
      button(texts.views.run, () => this.run("run")),
      this.#status,
    );
    root.replaceChildren(bar, this.#box);
  }

  /** Puts a listing of the book on the bench. */
  take(name: string): void {
    const source = this.#options.examples.find((one) => one.name === name)?.source;
    if (source !== undefined) this.#put({ ...FIRST, source });
  }

  interrupt(): void {
    if (!this.#isRunning) return;
    this.#say(texts.stopping);
    this.#kernel.stop();
  }

  #takeDrops(root: HTMLElement): void {
    root.addEventListener("dragover", (event) => event.preventDefault());
    root.addEventListener("drop", async (event) => {
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      const bytes = new Uint8Array(await file.arrayBuffer());
      if (!ELF.every((byte, index) => bytes[index] === byte)) return this.#say(texts.noObject);
      this.#object = bytes;
      this.#takeSource("");
      this.#showChoice(file.name);
      this.#say(texts.took(file.name));
      this.#write();
    });
  }

  #showChoice(object = "object.o"): void {
    const { examples } = this.#options, own = this.#choice.options[0];
    if (own) own.text = this.#object ? texts.object(object) : texts.edited;
    const example = this.#object ? undefined : examples.find(({ source }) => source === this.#source);
    this.#choice.value = example?.name ?? "";
  }

  /** Puts what stands on the bench into the address. */
  async #write(): Promise<void> {
    if (this.#options.form !== "whole") return;
    history.replaceState(null, "", `#${await toHash(this.state, this.#options.examples)}`);
  }

  /** @param make of what the address says then */
  async #copy(make: () => string): Promise<void> {
    await this.#write();
    const text = make(), { length } = location.href, isLong = length > LONG_CHARACTERS;
    try {
      await navigator.clipboard.writeText(text);
      this.#share.textContent = isLong ? texts.longLink(length) : texts.copied;
    } catch {
      const code = element("code");
      code.textContent = text;
      this.#share.replaceChildren(`${texts.copyThis} `, code);
    }
  }

  #say(text: string): void {
    this.#status.textContent = text;
  }
}

function number(least: number, most: number): HTMLInputElement {
  const input = element("input");
  Object.assign(input, { type: "number", min: String(least), max: String(most), step: "1" });
  return input;
}

function labelled(text: string, control: HTMLElement): HTMLLabelElement {
  const label = element("label"), name = element("span");
  name.textContent = text;
  label.append(name, control);
  return label;
}

function preformatted(text: string): HTMLElement {
  const pre = element("pre");
  pre.textContent = text;
  return pre;
}

function waysOn(): HTMLElement {
  const box = element("div", "bench-ways"), list = element("ul");
  for (const [text, command] of texts.ways) {
    const item = element("li"), code = element("code");
    code.textContent = command;
    item.append(text, code);
    list.append(item);
  }
  box.append(texts.noCompiler, list);
  return box;
}

const iframe = (address: URL): string =>
  `<iframe src="${address.href.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}" title="Interleave" width="100%" ` +
  `height="480" loading="lazy" style="border:0"></iframe>`;
