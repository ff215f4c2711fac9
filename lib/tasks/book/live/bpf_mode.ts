/** Colours for cells: TypeScript, and C between the backticks of `` bpf`...` ``. */
import type { StreamParser, StringStream } from "@codemirror/language";
import { c } from "@codemirror/legacy-modes/mode/clike";
import { typescript } from "@codemirror/legacy-modes/mode/javascript";

/** Both modes change their state objects in place. */
type ModeState = Record<string, unknown>;
const TS = typescript as StreamParser<ModeState>, C = c as StreamParser<ModeState>;

interface State {
  ts: ModeState;
  /** Inside of a listing. */
  c?: ModeState;
  /** Inside of `${...}` in a listing, and how many braces are open there. */
  hole?: ModeState;
  depth: number;
}

const TAG = /(?:^|[^\w.$])bpf(?:\.with\([^`]*\))?\s*$/;
/** What the mode of TypeScript does outside of strings, comments and templates. */
const IN_CODE = TS.startState!(2).tokenize;

const copy = (state: ModeState): ModeState =>
  Object.fromEntries(Object.entries(state).map(([key, value]) => [key, Array.isArray(value) ? [...value] : value]));

/** The next token of C: a backtick ends the listing, whatever C would make of it. */
function tokenInListing(stream: StringStream, state: State): string | null {
  const end = stream.string.slice(stream.pos).search(/(?<!\\)(?:`|\$\{)/), { string } = stream;
  if (end === 0) {
    if (stream.next() === "`") state.c = undefined;
    else {
      stream.next();
      state.hole = TS.startState!(2);
      state.depth = 1;
    }
    return "string.special";
  }
  if (end > 0) stream.string = string.slice(0, stream.pos + end);
  try {
    return C.token(stream, state.c!);
  } finally {
    stream.string = string;
  }
}

function tokenInHole(stream: StringStream, state: State): string | null {
  const style = TS.token(stream, state.hole!), word = stream.current();
  if (word === "{") state.depth++;
  if (word === "}" && --state.depth === 0) state.hole = undefined;
  return style;
}

/** A stream parser for CodeMirror's `StreamLanguage`. */
export const typescriptWithBpf: StreamParser<State> = {
  name: "typescript with BPF C",
  startState: (unit) => ({ ts: TS.startState!(unit), depth: 0 }),
  copyState: (state) => ({
    ts: copy(state.ts),
    c: state.c && copy(state.c),
    hole: state.hole && copy(state.hole),
    depth: state.depth,
  }),
  token(stream, state) {
    if (state.hole) return tokenInHole(stream, state);
    if (state.c) return tokenInListing(stream, state);
    if (stream.peek() === "`" && state.ts.tokenize === IN_CODE && TAG.test(stream.string.slice(0, stream.pos))) {
      stream.next();
      state.c = C.startState!(8);
      return "string.special";
    }
    return TS.token(stream, state.ts);
  },
  indent: (state, textAfter, context) =>
    state.c && !state.hole ? C.indent!(state.c, textAfter, context) : TS.indent!(state.ts, textAfter, context),
  languageData: TS.languageData,
};
