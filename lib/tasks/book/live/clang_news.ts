/** Says how the page's compiler comes: in the cell that waits for it, and in the page's own line. */
import { t } from "../../../words/translation.ts";
import { EPHEMERAL } from "../../../jupyter/outputs.ts";
import { progressLine } from "../../../jupyter/progress.ts";
import type { Broadcast } from "./messages.ts";
import type { TellProgress } from "./page_clang.ts";

const EVERY_MS = 200, MB = 1e6;

export class ClangNews {
  readonly #sayInPage: (text: string) => void;
  readonly #cell: () => number | undefined;
  readonly #sayInCell: (broadcast: Broadcast) => void;
  #started = 0;
  #toldAt = -Infinity;
  /** The cell that has a bar. */
  #shownIn?: number;

  /** @param cell the one that runs */
  constructor(
    sayInPage: (text: string) => void,
    cell: () => number | undefined,
    sayInCell: (broadcast: Broadcast) => void,
  ) {
    this.#sayInPage = sayInPage;
    this.#cell = cell;
    this.#sayInCell = sayInCell;
  }

  readonly tell: TellProgress = (text, done, total) => {
    const now = performance.now();
    if (text === "") return this.#end();
    if (this.#toldAt === -Infinity) this.#started = now;
    if (done < total && now - this.#toldAt < EVERY_MS) return;
    this.#toldAt = now;
    const size = t`${(done / MB).toFixed(1)} of ${(total / MB).toFixed(1)} MB`;
    this.#sayInPage(done < total ? `${text}: ${size} …` : `${text} …`);
    this.#show(progressLine(text, done, total, now - this.#started, size));
  };

  #end(): void {
    this.#sayInPage("");
    if (this.#shownIn !== undefined) this.#show("");
    this.#toldAt = -Infinity;
    this.#shownIn = undefined;
  }

  #show(line: string): void {
    const cell = this.#cell();
    if (cell === undefined) return;
    const isShown = this.#shownIn === cell;
    this.#shownIn = cell;
    const transient = { display_id: `clang-${this.#started}-${cell}` };
    const content = { data: { "text/plain": line }, metadata: EPHEMERAL, transient };
    this.#sayInCell({ type: isShown ? "update_display_data" : "display_data", content });
  }
}
