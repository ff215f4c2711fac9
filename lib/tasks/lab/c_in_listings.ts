/**
 * C in a listing, coloured as C in JupyterLab: the text of its labextension. A page gets the text of `cInListings`, so it
 * uses nothing from outside its own braces; JupyterLab lends it its own editor (module federation's shared scope) and its
 * own C grammar, so nothing is bundled and nothing fetched.
 */
import type { LanguageSupport } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import type { DecorationSet, EditorView, ViewUpdate } from "@codemirror/view";

/** What a bundle of webpack gives others: by module and version, how to get it. */
type ShareScope = Readonly<
  Record<string, Readonly<Record<string, { get(): Promise<() => unknown>; loaded?: unknown }>>>
>;

/** A labextension as JupyterLab loads it: it is lent the shared scope, and gives its module. */
export interface Container {
  init(scope: ShareScope): void;
  get(module: string): Promise<() => { readonly __esModule: true; readonly default: Plugin }>;
}

interface Plugin {
  readonly id: string;
  readonly description: string;
  readonly autoStart: true;
  readonly requires: readonly unknown[];
  activate(app: unknown, extensions: ExtensionRegistry, languages: LanguageRegistry): void;
}

/** Of @jupyterlab/codemirror. */
interface ExtensionRegistry {
  addExtension(given: { readonly name: string; readonly factory: () => unknown }): void;
}
interface LanguageRegistry {
  getLanguage(name: string): Promise<{ readonly support?: LanguageSupport } | null>;
}
interface JupyterCodeMirror {
  readonly IEditorExtensionRegistry: unknown;
  readonly IEditorLanguageRegistry: unknown;
  readonly EditorExtensionRegistry: { createImmutableExtension(extension: Extension): unknown };
}

/** Makes the container. */
export function cInListings(name: string): Container {
  let scope: ShareScope = {};
  /** A module of JupyterLab's own: the one that it uses, or will. */
  const lent = async <T>(module: string): Promise<T> => {
    const versions = Object.values(scope[module] ?? {});
    const version = versions.find(({ loaded }) => loaded) ?? versions.at(-1);
    if (!version) throw new Error(`${name}: JupyterLab lends no ${module}`);
    return (await version.get())() as T;
  };

  const makePlugin = async (): Promise<Plugin> => {
    const [jupyter, { highlightingFor, syntaxTree }, { RangeSetBuilder, StateEffect, Prec }, view, { highlightTree }] =
      await Promise.all([
        lent<JupyterCodeMirror>("@jupyterlab/codemirror"),
        lent<typeof import("@codemirror/language")>("@codemirror/language"),
        lent<typeof import("@codemirror/state")>("@codemirror/state"),
        lent<typeof import("@codemirror/view")>("@codemirror/view"),
        lent<typeof import("@lezer/highlight")>("@lezer/highlight"),
      ]);
    const { Decoration, EditorView: Editor, ViewPlugin } = view;
    const grammarCame = StateEffect.define<null>();
    /** What stands before a listing, and how far back it can begin. */
    const TAG = /(?:^|[^\w.$])bpf(?:\.with\([^`]*\))?\s*$/, MOST_BEFORE = 200;
    /** C outside of strings, names and comments: in the page's colour, not in that of the string around it. */
    const plain = Decoration.mark({ class: "interleave-c" });

    /** The listings in view, coloured. */
    const colours = (editor: EditorView, grammar: LanguageSupport): DecorationSet => {
      const builder = new RangeSetBuilder<ReturnType<typeof Decoration.mark>>(), { state } = editor;
      const done = new Set<number>();
      for (const { from, to } of editor.visibleRanges) {
        syntaxTree(state).iterate({
          from,
          to,
          enter: ({ node }) => {
            if (node.name !== "TemplateString" || done.has(node.from)) return;
            if (!TAG.test(state.sliceDoc(Math.max(0, node.from - MOST_BEFORE), node.from))) return;
            done.add(node.from);
            const closed = state.sliceDoc(node.to - 1, node.to) === "`" && node.to - node.from > 1;
            const begin = node.from + 1, end = closed ? node.to - 1 : node.to;
            let text = state.sliceDoc(begin, end);
            const holes = node.getChildren("Interpolation").map((hole) => [hole.from - begin, hole.to - begin]);
            for (const [at, after] of holes) text = text.slice(0, at) + " ".repeat(after - at) + text.slice(after);
            let shown = 0;
            const upTo = (at: number) => {
              for (const [hole, after] of [...holes.filter(([hole]) => hole >= shown && hole < at), [at, at]]) {
                if (hole > shown) builder.add(begin + shown, begin + hole, plain);
                shown = Math.max(shown, after);
              }
            };
            const style = (tags: Parameters<typeof highlightingFor>[1]) => highlightingFor(state, tags);
            highlightTree(grammar.language.parser.parse(text), { style }, (at, after, classes) => {
              upTo(at);
              builder.add(begin + at, begin + after, Decoration.mark({ class: classes }));
              shown = after;
            });
            upTo(text.length);
            return false;
          },
        });
      }
      return builder.finish();
    };

    const extensionOf = (languages: LanguageRegistry): Extension => {
      let grammar: LanguageSupport | undefined, asked = false;
      const waiting = new Set<EditorView>();
      const ask = (): void => {
        if (asked) return;
        asked = true;
        languages.getLanguage("C").then((c) => {
          grammar = c?.support;
          for (const editor of waiting) editor.dispatch({ effects: grammarCame.of(null) });
          waiting.clear();
        });
      };
      const plugin = ViewPlugin.fromClass(
        class {
          decorations: DecorationSet;
          constructor(readonly editor: EditorView) {
            this.decorations = this.draw();
          }
          update(update: ViewUpdate): void {
            const came = update.transactions.some(({ effects }) => effects.some((effect) => effect.is(grammarCame)));
            const parsed = syntaxTree(update.startState) !== syntaxTree(update.state);
            if (update.docChanged || update.viewportChanged || parsed || came) this.decorations = this.draw();
          }
          draw(): DecorationSet {
            if (grammar) return colours(this.editor, grammar);
            waiting.add(this.editor);
            ask();
            return Decoration.none;
          }
          destroy(): void {
            waiting.delete(this.editor);
          }
        },
        { decorations: ({ decorations }) => decorations },
      );
      // Inside the marks of the language around it, so that these colours are the ones seen.
      return [Prec.highest(plugin), Editor.baseTheme({ ".interleave-c": { color: "var(--jp-content-font-color1)" } })];
    };

    return {
      id: `${name}:plugin`,
      description: "Colours C in the listings of TypeScript cells.",
      autoStart: true,
      requires: [jupyter.IEditorExtensionRegistry, jupyter.IEditorLanguageRegistry],
      activate: (_, extensions, languages) => {
        const extension = extensionOf(languages);
        extensions.addExtension({
          name,
          factory: () => jupyter.EditorExtensionRegistry.createImmutableExtension(extension),
        });
      },
    };
  };

  return {
    init: (given) => void (scope = given),
    get: async () => {
      const plugin = await makePlugin();
      return () => ({ __esModule: true, default: plugin });
    },
  };
}
