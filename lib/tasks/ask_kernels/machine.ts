/** A kernel that runs the loader: another one's image in an emulated machine, or the running one. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { fetchZig } from "../../compile/zig_package.ts";
import { runCommand } from "../../host/run_command.ts";
import { KFUNCS } from "../../uapi/kfuncs.ts";
import { type Answers, parseAnswers } from "./answers.ts";
import { initramfs, type InitramfsFile } from "./initramfs.ts";

/** One load: an object file, the name that the kernel knows it by, and the programs to load. */
export interface Load {
  readonly file: string;
  readonly object: string;
  readonly programs: readonly string[];
}

const QEMU = "qemu-system-x86_64", LIBBPF = "libbpf.so.1", MEMORY_MB = 1536;
/** What runs in the machine is built against this computer's C library or an older one. */
const TARGET = "x86_64-linux-gnu.2.31";

/** Runs the loads, in order, on the kernel of an image (`vmlinuz`), in a machine without network or disks. */
export function askImage(image: string, loads: readonly Load[], timeoutMs: number): Promise<Answers> {
  return inFolder(async (folder) => {
    const files = new Map<string, InitramfsFile>();
    for (const { file } of loads) {
      if (!files.has(file)) files.set(file, { path: `o/${files.size}`, bytes: await readFile(file) });
    }
    const list = QUESTIONS + loads.map((load, number) => line(number, `/${files.get(load.file)!.path}`, load)).join("");
    const loader = await buildLoader(folder);
    await writeFile(
      join(folder, "initramfs"),
      initramfs([
        { path: "init", bytes: await readFile(loader), isExecutable: true },
        { path: "list", bytes: new TextEncoder().encode(list) },
        ...await libraries(loader),
        ...files.values(),
      ]),
    );
    const console = join(folder, "console"), answers = join(folder, "answers");
    const started = await runCommand(QEMU, [
      ...["-accel", "tcg", "-machine", "q35", "-cpu", "max", "-m", String(MEMORY_MB), "-nodefaults", "-no-user-config"],
      ...["-display", "none", "-nic", "none", "-no-reboot", "-kernel", image, "-initrd", join(folder, "initramfs")],
      ...["-serial", `file:${console}`, "-serial", `file:${answers}`],
      ...["-append", "console=ttyS0 quiet panic=-1 mitigations=off nokaslr"],
    ], { timeoutMs }).catch((error: Error) => error);
    if (started === undefined) throw new Error(`${QEMU} is missing: sudo apt-get install qemu-system-x86`);
    const said = await readFile(answers).catch(() => new Uint8Array());
    if (said.length > 0) return parseAnswers(said);
    const last = (await readFile(console, "utf8").catch(() => "")).trim().split("\n").slice(-5).join("\n");
    throw new Error(`${basename(image)} did not run the loader: ${started instanceof Error ? started : last}`);
  });
}

/** Runs the loads on the running kernel. */
export function askRunningKernel(loads: readonly Load[], timeoutMs: number): Promise<Answers> {
  return inFolder(async (folder) => {
    const list = join(folder, "list"), answers = join(folder, "answers"), loader = await buildLoader(folder);
    await writeFile(list, QUESTIONS + loads.map((load, number) => line(number, load.file, load)).join(""));
    const ran = await runCommand(loader, [list, answers], { timeoutMs });
    if (ran?.status !== 0 || ran.stderr) throw new Error(`the loader failed: ${ran?.stderr}`);
    return parseAnswers(await readFile(answers));
  });
}

const QUESTIONS = Object.keys(KFUNCS).map((name) => `? ${name}\n`).join("");

const line = (number: number, path: string, { object, programs }: Load): string =>
  `${number} ${path} ${object} ${programs.join(" ")}\n`;

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "ask-kernels-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function buildLoader(folder: string): Promise<string> {
  const { command, env } = await fetchZig();
  const source = fileURLToPath(new URL("./loader.c", import.meta.url)), loader = join(folder, "init");
  const built = await runCommand(command, ["cc", "-target", TARGET, "-O2", "-o", loader, source], { env });
  if (built?.status !== 0) throw new Error(`the loader could not be built: ${built?.stderr}`);
  return loader;
}

/** What the loader and libbpf are linked with, from this computer, under the paths that the dynamic linker knows. */
async function libraries(loader: string): Promise<InitramfsFile[]> {
  const found = await runCommand("ldconfig", ["-p"], { env: { PATH: `${process.env.PATH}:/sbin:/usr/sbin` } });
  const libbpf = new RegExp(`${LIBBPF.replaceAll(".", "\\.")} .*x86-64.* => (\\S+)`).exec(found?.stdout ?? "")?.[1];
  if (!libbpf) throw new Error(`${LIBBPF} is missing: sudo apt-get install libbpf1`);
  const linked = await Promise.all([loader, libbpf].map((file) => runCommand("ldd", [file])));
  const paths = linked.flatMap((one) => [...(one?.stdout ?? "").matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path));
  return await Promise.all(
    [...new Set([libbpf, ...paths])].filter(existsSync).map(async (path) => ({
      path: path.slice(1),
      bytes: await readFile(path),
      isExecutable: true,
    })),
  );
}
