/** `deno task serve`: the site on this computer, whose pages compile edited listings with the local clang. */
import type { Command } from "commander";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { installedCompiler } from "../../compile/compiler.ts";
import { runCommand } from "../lab/subprocess.ts";
import { PROJECT } from "../lab/places.ts";
import { type Commander, runTask, wholeNumber } from "../task.ts";
import { CompileService } from "./compile_service.ts";
import { serveSite } from "./server.ts";

const SITE = join(PROJECT, "site");
const DEFAULT_PORT = 8123;
const LOOPBACK = "127.0.0.1";

interface Options {
  readonly port: number;
  readonly host: string;
}

async function serve({ port, host }: Options): Promise<void> {
  if (!existsSync(join(SITE, "index.html"))) {
    console.log("The site is not built yet: deno task book");
    const { code, stdout, stderr } = await runCommand(Deno.execPath(), ["task", "book"]);
    if (code !== 0) {
      console.error(`${stdout}${stderr}`);
      process.exitCode = 1;
      return;
    }
  }
  const found = await installedCompiler();
  const compiler = found && { name: found.name, service: new CompileService() };
  const server = await serveSite({ site: SITE, host, port, compiler }).catch((error) =>
    error as Error & { code?: string }
  );
  if (server instanceof Error) {
    console.error(server.code === "EADDRINUSE" ? `Port ${port} is taken. Name another with --port.` : server.message);
    process.exitCode = 1;
    return;
  }
  const { port: taken } = server.address() as AddressInfo;
  console.log(`http://${host.includes(":") ? `[${host}]` : host}:${taken}/`);
  console.log(compiler ? `Edited listings: ${compiler.name}.` : "No clang is here: edited listings are not compiled.");
  if (host !== LOOPBACK) {
    console.warn(`Whoever reaches ${host} can have this computer compile C (bounded in time, size and rate).`);
  }
  console.log("Ctrl-C ends it.");
  await new Promise((resolve) => server.once("close", resolve));
}

export const command = (commander: Commander): Command =>
  new commander.Command("deno task serve")
    .description(
      "Serves the site on this computer, with threads and with a compiler for edited listings: bounded in time, size " +
        "and rate, for this computer alone.",
    )
    .option(
      "--port <n>",
      `listen on port n; 0: one that is free`,
      wholeNumber(commander, 0, 65535),
      DEFAULT_PORT,
    )
    .option("--host <address>", "listen on this address; any but the default lets others in", LOOPBACK)
    .action(serve);

if (import.meta.main) await runTask(command);
