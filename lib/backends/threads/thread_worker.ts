/** A worker that is one thread of a run. */
import { serve } from "../../host/crew.ts";
import { type Run, type RunReply, type SetUp, Thread } from "./thread.ts";

let thread: Thread | undefined;

serve((request: SetUp | Run): RunReply | undefined => {
  if (request.kind === "run") return thread!.run(request);
  thread = new Thread(request);
});
