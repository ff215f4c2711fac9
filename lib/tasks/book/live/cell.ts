/** A code cell of the page: its editor, its buttons, its outputs. */
import type { Output } from "../../../jupyter/notebook_file.ts";
import type { CellEditor, EditorOptions } from "./editor.ts";
import type { Broadcast } from "./messages.ts";
import { Outputs, type PageDisplays } from "./outputs.ts";
import { texts } from "./texts.ts";

export interface CellEvents {
  changed(): void;
  run(goOn: boolean): void;
}

export class LiveCell {
  /** The chapter's own text. */
  readonly original: string;
  readonly #frame = element("div", "live-editor");
  readonly #tools = element("div", "live-tools");
  readonly #reset: HTMLButtonElement;
  readonly #note = element("p", "live-note");
  readonly #box: Element;
  /** Its outputs as the chapter came with them. */
  readonly #recorded: readonly Node[];
  readonly #events: CellEvents;
  #editor?: CellEditor;
  #text: string;
  #outputs?: Outputs;
  #ran?: string;
  /** Number of its last run, as a notebook counts them. */
  executionCount: number | null = null;

  constructor(readonly root: Element, readonly index: number, events: CellEvents) {
    const input = root.querySelector(".cell_input")!, shown = input.firstElementChild!;
    this.#events = events;
    this.original = this.#text = shown.querySelector("pre")!.textContent!.replace(/\n$/, "");
    const run = button(texts.run, () => events.run(false), "live-run");
    run.title = texts.runTitle;
    run.setAttribute("aria-label", texts.runLabel(index + 1));
    this.#reset = button(texts.resetCell, () => this.reset(), "live-reset");
    this.#reset.hidden = true;
    this.#tools.append(this.#reset, run);
    this.#frame.append(shown);
    input.replaceChildren(this.#frame, this.#tools);
    let box = root.querySelector(".cell_output");
    if (!box) {
      box = element("div", "cell_output docutils container");
      root.append(box);
    }
    this.#box = box;
    this.#recorded = [...box.childNodes];
    this.#note.textContent = texts.stale;
  }

  get text(): string {
    return this.#text;
  }

  get isEdited(): boolean {
    return this.#text !== this.original;
  }

  /** Its outputs since it was run here; undefined where it was not. */
  get outputs(): Output[] | undefined {
    return this.#outputs?.finish();
  }

  /** Takes a text that the reader left here. */
  restore(text: string): void {
    this.#text = text;
    if (this.#editor) this.#editor.text = text;
    else this.#frame.querySelector("pre")!.textContent = text;
    this.#update();
  }

  edit(makeEditor: (options: EditorOptions) => CellEditor): void {
    this.#editor = makeEditor({
      text: this.#text,
      parent: this.#frame,
      label: texts.cellLabel(this.index + 1),
      onChange: () => {
        this.#text = this.#editor!.text;
        this.#update();
        this.#events.changed();
      },
      onRun: (goOn) => this.#events.run(goOn),
    });
  }

  /** Makes room for the outputs of a run. */
  begin(displays: PageDisplays): void {
    this.#box.replaceChildren();
    this.#outputs = new Outputs(this.#box, displays);
    this.#ran = this.#text;
    this.root.classList.add("live-running");
    this.#update();
  }

  add(broadcast: Broadcast): void {
    this.#outputs?.add(broadcast);
  }

  /** @param action a button below the outputs, with what it does */
  end(action?: HTMLButtonElement): void {
    this.root.classList.remove("live-running");
    if (action) this.#box.append(action);
  }

  /** The cell as it came. */
  reset(): void {
    this.#outputs = this.#ran = undefined;
    this.executionCount = null;
    this.root.classList.remove("live-running");
    this.#box.replaceChildren(...this.#recorded);
    if (this.isEdited) {
      this.restore(this.original);
      this.#events.changed();
    }
    this.#update();
  }

  focus(): void {
    this.#editor?.focus();
  }

  /** An edited cell can be reset, and its outputs may be those of another text. */
  #update(): void {
    this.#reset.hidden = !this.isEdited;
    const isStale = this.#text !== (this.#ran ?? this.original) && this.#box.childNodes.length > 0;
    this.root.classList.toggle("live-stale", isStale);
    if (isStale) this.#box.before(this.#note);
    else this.#note.remove();
  }
}

export function element<K extends keyof HTMLElementTagNameMap>(name: K, className = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

export function button(text: string, onClick: () => void, className = ""): HTMLButtonElement {
  const made = element("button", className);
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", onClick);
  return made;
}
