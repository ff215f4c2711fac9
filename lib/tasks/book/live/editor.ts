/** The editors of a chapter: CodeMirror, fetched when the page has shown what it came for. */
import { StreamLanguage, type StreamParser, syntaxHighlighting } from "@codemirror/language";
import { c } from "@codemirror/legacy-modes/mode/clike";
import { classHighlighter } from "@lezer/highlight";
import { EditorView, minimalSetup } from "codemirror";
import { typescriptWithBpf } from "./bpf_mode.ts";

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

/** Puts an editor in the place of what `parent` shows. Tab leaves it, as everywhere on the page. */
export function makeEditor({ text, parent, language, label, onChange, onRun }: EditorOptions): CellEditor {
  const view = new EditorView({
    doc: text,
    extensions: [
      minimalSetup,
      StreamLanguage.define<unknown>(language === "c" ? c : typescriptWithBpf as StreamParser<unknown>),
      syntaxHighlighting(classHighlighter),
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
