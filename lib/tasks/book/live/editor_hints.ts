/** Hints in an editor: names as they are written, and what a name is for under the mouse. */
import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { type EditorView, hoverTooltip } from "@codemirror/view";
import { askedAt, type Hint, type Hints } from "./hints.ts";

/** So much before a name is looked at. */
const LOOKED_BACK = 4000;
const LEAST_LETTERS = 2;

const TYPES: Readonly<Record<string, string>> = { function: "function", class: "class", interface: "interface" };

/** The library's names, as they are written and under the mouse. */
export function hints(known: Hints): Extension {
  const complete = (context: CompletionContext): CompletionResult | null => {
    const before = context.state.sliceDoc(Math.max(0, context.pos - LOOKED_BACK), context.pos);
    const word = /\w*$/.exec(before)![0], asked = askedAt(before);
    if (!asked || (!context.explicit && asked.kind === "exports" && word.length < LEAST_LETTERS)) return null;
    const found = hintsFor(known, asked);
    if (found.length === 0) return null;
    const options = found.map(({ name, kind, info }) => ({
      ...{ label: name, detail: kind, info },
      type: TYPES[kind] ?? "property",
    }));
    return { from: context.pos - word.length, options, validFor: /^\w*$/ };
  };
  return [
    autocompletion({ override: [complete], icons: false }),
    hoverTooltip((view, pos) => tooltip(view, pos, known)),
  ];
}

function hintsFor(known: Hints, asked: NonNullable<ReturnType<typeof askedAt>>): readonly Hint[] {
  if (asked.kind === "exports") return known.exports;
  return (asked.kind === "members" ? known.members : known.options)[asked.of] ?? [];
}

function tooltip(view: EditorView, pos: number, known: Hints) {
  const { from, to, text } = view.state.doc.lineAt(pos), at = pos - from;
  const start = at - /\w*$/.exec(text.slice(0, at))![0].length, end = at + /^\w*/.exec(text.slice(at))![0].length;
  const word = text.slice(start, end),
    asked = askedAt(view.state.sliceDoc(Math.max(0, from - LOOKED_BACK), from + start));
  const hint = asked && [...hintsFor(known, asked), ...known.exports].find(({ name }) => name === word);
  if (!hint || from + end > to + 1) return null;
  const dom = document.createElement("div"), head = document.createElement("strong");
  dom.className = "live-hint";
  head.textContent = hint.kind === "" ? hint.name : `${hint.name}: ${hint.kind}`;
  dom.append(head, document.createElement("br"), hint.info);
  return { pos: from + start, end: from + end, create: () => ({ dom }) };
}
