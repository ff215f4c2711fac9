/** The editors of a chapter: CodeMirror, fetched when the page has shown what it came for. */
import { StreamLanguage, type StreamParser, syntaxHighlighting } from "@codemirror/language";
import { c } from "@codemirror/legacy-modes/mode/clike";
import { Compartment } from "@codemirror/state";
import { classHighlighter } from "@lezer/highlight";
import { EditorView, minimalSetup } from "codemirror";
import { typescriptWithBpf } from "./bpf_mode.ts";
import { hints } from "./editor_hints.ts";
import type { Hints } from "./hints.ts";

/** Name of the file of hints, which changes with what is in it. */
declare const HINTS: string;

export interface CellEditor {
  text: string;
  focus(): void;
}

export interface EditorOptions {
  readonly text: string;
  readonly parent: Element;
  /** Default: a cell, TypeScript with listings. */
  readonly language?: "c";
  /** What a screen reader calls it. */
  readonly label: string;
  readonly onChange: () => void;
  /** Shift+Enter goes on to the next cell, Ctrl+Enter stays. */
  readonly onRun: (goOn: boolean) => void;
}

let known: Promise<Hints | undefined> | undefined;

/** Editors do without where it cannot be fetched. */
const fetchHints = (): Promise<Hints | undefined> =>
  known ??= fetch(new URL(HINTS, import.meta.url)).then((response) => response.ok ? response.json() : undefined)
    .catch(() => undefined);

/** Puts an editor in the place of what `parent` shows. Tab leaves it, as everywhere on the page. */
export function makeEditor({ text, parent, language, label, onChange, onRun }: EditorOptions): CellEditor {
  const later = new Compartment();
  const view = new EditorView({
    doc: text,
    extensions: [
      minimalSetup,
      StreamLanguage.define<unknown>(language === "c" ? c : typescriptWithBpf as StreamParser<unknown>),
      syntaxHighlighting(classHighlighter),
      later.of([]),
      EditorView.contentAttributes.of({ "aria-label": label }),
      EditorView.updateListener.of((update) => update.docChanged && onChange()),
    ],
  });
  view.dom.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.shiftKey || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    onRun(event.shiftKey);
  }, true);
  parent.replaceChildren(view.dom);
  if (language !== "c") {
    view.dom.addEventListener("focusin", async () => {
      const found = await fetchHints();
      if (found) view.dispatch({ effects: later.reconfigure(hints(found)) });
    }, { once: true });
  }
  return {
    get text() {
      return view.state.doc.toString();
    },
    set text(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    focus: () => view.focus(),
  };
}
