/** Makes the chapter that is open live: an editor for each cell, a kernel for the page. */
import { StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { typescript } from "@codemirror/legacy-modes/mode/javascript";
import { classHighlighter } from "@lezer/highlight";
import { EditorView, minimalSetup } from "codemirror";
import type { FromKernel, ToKernel } from "./messages.ts";
import { Outputs } from "./outputs.ts";

/** Work that has not stopped by then is ended together with the kernel. */
const STOP_MS = 2000;
const SERVE = "python3 -m http.server --directory site";

interface LiveCell {
  readonly element: Element;
  readonly original: string;
  readonly editor: EditorView;
  readonly button: HTMLButtonElement;
  /** As the chapter came: what Reset puts back. */
  readonly recorded: readonly Node[];
  box: Element;
  outputs: Outputs;
}

class LivePage {
  readonly #cells: LiveCell[];
  readonly #status = document.createElement("span");
  #kernel?: Worker;
  #running: number[] = [];

  constructor(elements: readonly Element[], bar: Element) {
    this.#cells = elements.map((element, index) => this.#makeCell(element, index));
    bar.append(
      button("Run all", () => this.run(this.#cells.map((_, index) => index))),
      button("Interrupt", () => this.interrupt()),
      button("Reset", () => this.reset()),
      this.#status,
    );
    this.#status.className = "live-status";
    this.#status.setAttribute("role", "status");
    this.#say("The cells run in this page.");
  }

  /** Runs cells in their order; a failure ends it. */
  run(cells: readonly number[]): void {
    if (this.#running.length > 0) return this.#say("A cell is running: wait, or Interrupt.");
    this.#running = [...cells];
    this.#next();
  }

  #next(): void {
    const index = this.#running[0];
    if (index === undefined) return this.#say("");
    const cell = this.#cells[index];
    cell.box.replaceChildren();
    cell.outputs = new Outputs(cell.box);
    cell.element.classList.add("live-running");
    this.#say(this.#kernel ? "Running …" : "Fetching the laboratory …");
    this.#ask({ kind: "run", cell: index, source: cell.editor.state.doc.toString() });
  }

  #ask(message: ToKernel): void {
    this.#kernel ??= this.#start();
    this.#kernel.postMessage(message);
  }

  #start(): Worker {
    const kernel = new Worker(new URL("kernel.js", PLACE), { type: "module" });
    kernel.onmessage = ({ data }: MessageEvent<FromKernel>) => this.#hear(data);
    kernel.onerror = ({ message }) => this.#lose(`The kernel failed: ${message}`);
    return kernel;
  }

  #hear(message: FromKernel): void {
    if (message.kind === "ready") return this.#say("Running …");
    if (message.kind === "broken") return this.#lose(`The laboratory could not be fetched: ${message.message}`);
    if (message.kind === "output") return this.#cells[message.cell].outputs.add(message.output);
    this.#cells[message.cell].element.classList.remove("live-running");
    this.#running.shift();
    if (message.failed) {
      this.#running = [];
      this.#say("Stopped at an error.");
    } else this.#next();
  }

  interrupt(): void {
    const kernel = this.#kernel, [index] = this.#running;
    if (!kernel || index === undefined) return;
    this.#running = [index];
    this.#say("Stopping …");
    this.#ask({ kind: "stop" });
    setTimeout(() => {
      if (this.#kernel === kernel && this.#running[0] === index) {
        this.#lose("The cell did not stop and was ended, and with it what earlier cells made: run them again.");
      }
    }, STOP_MS);
  }

  #lose(why: string): void {
    this.#kernel?.terminate();
    this.#kernel = undefined;
    this.#running = [];
    for (const { element } of this.#cells) element.classList.remove("live-running");
    this.#say(why);
  }

  /** The chapter as it came, and a new kernel. */
  reset(): void {
    this.#lose("As it came.");
    for (const cell of this.#cells) {
      const { editor, original, recorded, box } = cell;
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: original } });
      box.replaceChildren(...recorded);
    }
  }

  #say(text: string): void {
    this.#status.textContent = text;
  }

  #makeCell(element: Element, index: number): LiveCell {
    const input = element.querySelector(".cell_input")!, source = input.querySelector("pre")!;
    const original = source.textContent!.replace(/\n$/, "");
    const frame = document.createElement("div");
    frame.className = "live-editor";
    const editor = new EditorView({
      doc: original,
      parent: frame,
      extensions: [
        minimalSetup,
        StreamLanguage.define(typescript),
        syntaxHighlighting(classHighlighter),
        EditorView.contentAttributes.of({ "aria-label": `cell ${index + 1}` }),
      ],
    });
    editor.dom.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.shiftKey || event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      event.stopPropagation();
      this.run([index]);
    }, true);
    const run = button("Run", () => this.run([index]));
    run.title = "Run this cell (Shift+Enter)";
    input.replaceChildren(frame, run);
    let box = element.querySelector(".cell_output");
    if (!box) {
      box = document.createElement("div");
      box.className = "cell_output docutils container";
      element.append(box);
    }
    return { element, original, editor, button: run, recorded: [...box.childNodes], box, outputs: new Outputs(box) };
  }
}

function button(text: string, onClick: () => void): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.addEventListener("click", onClick);
  return element;
}

/** Where this script is; workers and data are beside it. */
const PLACE = (document.currentScript as HTMLScriptElement).src;

addEventListener("DOMContentLoaded", () => {
  const elements = [...document.querySelectorAll("div.cell")].filter((one) => one.querySelector(".cell_input pre"));
  if (elements.length === 0) return;
  const bar = document.createElement("div");
  bar.className = "live-bar";
  elements[0].before(bar);
  if (location.protocol === "file:") {
    const code = document.createElement("code");
    code.textContent = SERVE;
    bar.append("To run and change these cells in the browser: ", code);
  } else new LivePage(elements, bar);
});
