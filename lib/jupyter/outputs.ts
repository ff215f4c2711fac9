/** Gathers a cell's outputs from the kernel's broadcasts, as a notebook keeps them. */
import type { Header, Message } from "./message.ts";
import type { DisplayOutput, JsonObject, MimeBundle, Output } from "./notebook_file.ts";

/** Metadata of an output that is only worth seeing while the cell runs: a progress bar. */
export const EPHEMERAL = { interleave: { ephemeral: true } };
/** Metadata of an output that was measured, and so differs from run to run. */
export const MEASURED = { interleave: { measured: true } };

/** Whether an output's metadata carries `flag`. */
export function isMarked(metadata: Record<string, unknown>, flag: "ephemeral" | "measured"): boolean {
  return (metadata.interleave as Record<string, unknown> | undefined)?.[flag] === true;
}

/** The displays of a whole notebook that later cells may still update, by display_id. */
export type Displays = Map<string, DisplayOutput[]>;

/** The outputs of one cell. */
export class OutputCollector {
  #outputs: Output[] = [];
  #clearBeforeNext = false;
  readonly #displays: Displays;

  /** @param displays Shared by all cells of a notebook. */
  constructor(displays: Displays = new Map()) {
    this.#displays = displays;
  }

  /** @param message a broadcast: its type and content are looked at */
  add({ header, content }: { readonly header: Pick<Header, "msg_type">; readonly content: Message["content"] }): void {
    switch (header.msg_type) {
      case "stream":
        return this.#stream(content.name, content.text);
      case "display_data":
      case "execute_result":
        return this.#display(header.msg_type, content);
      case "update_display_data":
        for (const display of this.#displays.get(content.transient?.display_id) ?? []) {
          display.data = content.data;
          display.metadata = content.metadata ?? {};
        }
        return;
      case "error":
        return this.#append({
          output_type: "error",
          ename: content.ename,
          evalue: content.evalue,
          traceback: content.traceback ?? [],
        });
      case "clear_output":
        if (content.wait) this.#clearBeforeNext = true;
        else this.#outputs = [];
    }
  }

  /** What the notebook keeps: no progress bars, and a stream's pieces as one. */
  finish(): Output[] {
    const kept: Output[] = [];
    for (const output of this.#outputs) {
      if ("metadata" in output && isMarked(output.metadata, "ephemeral")) continue;
      const last = kept.at(-1);
      if (output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name) {
        last.text += output.text;
      } else {
        kept.push(output.output_type === "stream" ? { ...output } : output);
      }
    }
    return kept;
  }

  #append(output: Output): void {
    if (this.#clearBeforeNext) this.#outputs = [];
    this.#clearBeforeNext = false;
    this.#outputs.push(output);
  }

  #stream(name: "stdout" | "stderr", text: string): void {
    this.#append({ output_type: "stream", name, text });
  }

  #display(
    type: "display_data" | "execute_result",
    content: {
      data: MimeBundle;
      metadata?: JsonObject;
      transient?: { display_id?: string } | null;
      execution_count?: number;
    },
  ): void {
    const { data, execution_count = null } = content, metadata = content.metadata ?? {};
    const output: DisplayOutput = type === "execute_result"
      ? { output_type: type, data, metadata, execution_count }
      : { output_type: type, data, metadata };
    this.#append(output);
    const id = content.transient?.display_id;
    if (id !== undefined) this.#displays.set(id, [...this.#displays.get(id) ?? [], output]);
  }
}
