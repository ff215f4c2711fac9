/** The compiler of a server of ours (`deno task serve`), where the site comes from one. */
import type { CompileAnswer, PageCompiler } from "../../../host/provided.ts";

/**
 * @param address of the server's compiler; other hosts have nothing there
 */
export function serverCompiler(address: URL): PageCompiler {
  let asked: Promise<string | undefined> | undefined;
  const ask = async (): Promise<string | undefined> => {
    const response = await fetch(address, { headers: { accept: "application/json" } }).catch(() => undefined);
    const isOurs = response?.ok && response.headers.get("content-type")?.startsWith("application/json");
    const { compiler } = isOurs ? await response.json() as { compiler?: unknown } : {};
    return typeof compiler === "string" ? compiler : undefined;
  };
  return {
    name: () => asked ??= ask(),
    async compile(request): Promise<CompileAnswer> {
      const response = await fetch(address, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request),
      });
      if (response.headers.get("content-type") === "application/octet-stream") {
        return { object: new Uint8Array(await response.arrayBuffer()) };
      }
      const answer = await response.json() as { diagnostics?: unknown[]; refused?: string };
      if (answer.diagnostics) return { diagnostics: answer.diagnostics };
      return { refused: answer.refused ?? `the server answers ${response.status} ${response.statusText}` };
    },
  };
}
