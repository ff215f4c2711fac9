/** What the pinned Deno's kernel says wrongly, or JupyterLab shows wrongly, put right before a front end hears it. */
import { Interrupted } from "../interrupt.ts";
import type { Message } from "../jupyter_message.ts";

/** The kernel's words for "there is no result", which it has when it was interrupted. */
const NO_RESULT = "expected struct EvaluateResponse";

const PLOTLY = "application/vnd.plotly.v1+json";

/** Whether a request to run code comes from JupyterLab, which tells the kernel of deleted cells. */
export function isFromJupyterLab(request: Message): boolean {
  return "deletedCells" in request.metadata;
}

/**
 * The content of a broadcast as it should be; the same object when nothing is wrong.
 * @param forJupyterLab Whether it answers JupyterLab.
 */
export function repairBroadcast(message: Message, forJupyterLab: boolean): Message["content"] {
  const { content, header: { msg_type: type } } = message;
  // plotly's renderer shows a figure's picture, too large, until the mouse is over it. Without a picture it draws the
  // figure at once, and then makes a picture itself for the saved notebook.
  if (forJupyterLab && content.data?.[PLOTLY] && content.data["image/png"]) {
    const { "image/png": _, ...data } = content.data;
    return { ...content, data };
  }
  if (type === "execute_result" && content.transient === null) return { ...content, transient: {} };
  if (type !== "error") return content;
  const { name, message: reason } = new Interrupted();
  if (content.ename === name || String(content.evalue).includes(NO_RESULT)) {
    return { ename: name, evalue: reason, traceback: [`${name}: ${reason}`] };
  }
  // A syntax error comes with its whole text as name and as value, and is shown twice.
  if (content.ename === content.evalue) {
    const [, ename, evalue] = /^(\w+): ([^]*)$/.exec(content.evalue) ?? [undefined, "Error", content.evalue];
    return { ename, evalue, traceback: [content.evalue] };
  }
  return content;
}
