/** What the pinned Deno's kernel says wrongly, put right before a front end hears it. */
import { Stopped } from "../../host/stop.ts";
import type { Message } from "../../jupyter/message.ts";

/** The kernel's words for "there is no result", which it has when it was interrupted. */
const NO_RESULT = "expected struct EvaluateResponse";

/** The content of a broadcast as it should be; the same object when nothing is wrong. */
export function repairBroadcast(message: Message): Message["content"] {
  const { content, header: { msg_type: type } } = message;
  if (type === "execute_result" && content.transient === null) return { ...content, transient: {} };
  if (type !== "error") return content;
  const { name, message: reason } = new Stopped();
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
