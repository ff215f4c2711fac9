/**
 * `deno task ask-kernels [vmlinuz]`: what a kernel says of every object that comes with the project, and of those of
 * the verifier's tests; written into `lib/verifier/kernel/recorded_verdicts.json`. Debian's images are in its
 * linux-image packages: `apt-get download linux-image-6.1.0-54-amd64-unsigned`, then
 * `dpkg-deb --fsys-tarfile FILE.deb | tar -x ./boot`. An image is started under qemu's software emulation, with nothing
 * in it but a loader, libbpf and the objects.
 */
import type { Command } from "commander";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { libbpfComplaint } from "../../backends/linux/verify.ts";
import { programsToLoad } from "../../backends/linux/kernel_object.ts";
import { verifierMessage } from "../../backends/linux/verifier_log.ts";
import { projectFolder, shippedFolders } from "../../compile/folders.ts";
import { runCommand } from "../../host/run_command.ts";
import { kernelObjectName } from "../../object/kernel_names.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import { ObjectError } from "../../object/object_error.ts";
import { loadObject } from "../../object/load.ts";
import { ERRNO, errnoName } from "../../uapi/errno.ts";
import { type KernelRelease, RELEASES } from "../../uapi/releases.ts";
import { objectHash, parseVerdict, type RecordedKernel } from "../../verifier/kernel/recorded_verdicts.ts";
import { type Commander, runTask } from "../task.ts";
import type { Answer } from "./answers.ts";
import { FOLLOWED_PATH, RECORDED_PATH } from "./data_files.ts";
import { followedFeatures, followedText } from "./followed.ts";
import { askImage, askRunningKernel, type Load } from "./machine.ts";
import { type ByRelease, readRecords, recordsText } from "./records.ts";

const DEFAULT_MINUTES = 20;

interface RecordedLoad extends Load {
  readonly sha256: string;
  readonly program: string;
  readonly whole: BpfObject;
}

/** Each program of each object, alone. */
function loadsOf(project: string): RecordedLoad[] {
  const folders = [...shippedFolders(project), join(project, "tests", "verifier", "data", "objects")];
  const files = folders.flatMap((folder) => readdirSync(folder).sort().map((name) => ({ folder, name })))
    .filter(({ name }) => name.endsWith(".o"));
  return files.flatMap(({ folder, name }) => {
    const file = join(folder, name), bytes = new Uint8Array(readFileSync(file)), object = objectOf(bytes, name);
    return !object ? [] : object.programs.map((program) => ({
      file,
      sha256: objectHash(bytes),
      object: kernelObjectName(name),
      program: program.name,
      whole: object,
      programs: programsToLoad(object, [program.name]),
    }));
  });
}

/** Undefined where the file is one of those that a test shows cannot be read as they are. */
function objectOf(bytes: Uint8Array, name: string): BpfObject | undefined {
  try {
    return loadObject(bytes, name);
  } catch (error) {
    if (error instanceof ObjectError) return undefined;
    throw error;
  }
}

/**
 * Empty where the program was loaded; else the errno and the message. Undefined where it was not the kernel that spoke:
 * no configuration is there to be read, libbpf before 1.4 does not read the definition of an arena, or this computer
 * allows no such programs.
 */
function verdictText({ errno, log, messages }: Answer): string | undefined {
  if (errno === 0) return "";
  if (
    /system Kconfig|attr 'map_extra': expected PTR, got enum64/.test(messages) || errno === ERRNO.EPERM && log === ""
  ) return undefined;
  const warnings = messages.split("\n").map((line) => line.replace(/^libbpf: /, "").trimEnd()).filter(Boolean);
  return `${errno} ${
    verifierMessage(log.replace(STATISTICS, "")) || libbpfComplaint(warnings.join("\n")) || errnoName(errno)
  }`;
}

/** What the verifier counted; behind a message without a line end, too. */
const STATISTICS = /verification time \d+ usec[^]*$/;

async function versionOf(command: string, args: readonly string[], pattern: RegExp): Promise<string> {
  return pattern.exec((await runCommand(command, args))?.stdout ?? "")?.[1] ?? "unknown";
}

interface Options {
  readonly minutes: number;
  /** Which release the image is of: only what is not recorded of it is loaded. */
  readonly missing?: KernelRelease;
}

async function record(project: string, image: string | undefined, { minutes, missing }: Options): Promise<void> {
  const records = readRecords(), all = loadsOf(project), timeoutMs = minutes * 60_000;
  const isMissing = ({ sha256, program }: RecordedLoad): boolean =>
    missing === undefined || records.programs.get(`${sha256} ${program}`)?.[missing] === undefined;
  const loads = all.filter(isMissing);
  const said = image ? await askImage(image, loads, timeoutMs) : await askRunningKernel(loads, timeoutMs);
  const release = /^\d+\.\d+/.exec(said.release)?.[0];
  if (!RELEASES.includes(release as KernelRelease)) {
    throw new Error(`this kernel is ${said.release}; verdicts are kept of ${RELEASES.join(", ")}`);
  }
  const programs = new Map<string, ByRelease>();
  for (const { sha256, program } of all) {
    programs.set(`${sha256} ${program}`, { ...records.programs.get(`${sha256} ${program}`) });
  }
  for (const answer of said.answers) {
    const { sha256, program } = loads[answer.number];
    const verdict = verdictText(answer), byRelease = programs.get(`${sha256} ${program}`)!;
    if (verdict === undefined) delete byRelease[release as KernelRelease];
    else byRelease[release as KernelRelease] = verdict;
  }
  const kernel: RecordedKernel = {
    release: said.release,
    version: said.version,
    arch: said.arch,
    machine: image
      ? `qemu ${await versionOf("qemu-system-x86_64", ["--version"], /version (\S+)/)}, software emulation, one CPU`
      : "the recording computer",
    libbpf: await versionOf(
      "sh",
      ["-c", "ldconfig -p; readlink -f /usr/lib/*/libbpf.so.1"],
      /libbpf\.so\.(\d+\.\d+\.\d+)/,
    ),
    functions: said.functions,
    date: new Date().toISOString().slice(0, 10),
  };
  const names = new Map(all.map(({ sha256, file }) => [sha256, file.slice(file.lastIndexOf("/") + 1)]));
  writeFileSync(RECORDED_PATH, recordsText({ ...records.kernels, [release!]: kernel }, names, programs));
  const followed = followedFeatures(
    [...new Map(all.map((load) => [load.sha256, load.whole])).values()],
    (object, program, kernel) => parseVerdict(programs.get(`${objectHash(object.bytes)} ${program}`)?.[kernel]),
  );
  writeFileSync(FOLLOWED_PATH, followedText(followed));
  const end = said.isComplete ? "" : `; the kernel was stopped after ${minutes} minutes`;
  process.stderr.write(`${said.release}: ${said.answers.length} of ${loads.length} programs${end}\n`);
  if (!said.isComplete) process.exitCode = 1;
}

export const command = ({ Command, Option }: Commander): Command =>
  new Command("deno task ask-kernels")
    .description(
      "Writes down what a kernel says of every object that comes with the project: that of an image (vmlinuz), under " +
        "qemu, or the running one.",
    )
    .argument("[image]", "an x86-64 kernel with BTF, such as Debian's linux-image packages hold")
    .option("--minutes <n>", "time that an emulated machine has", Number, DEFAULT_MINUTES)
    .addOption(
      new Option("--missing <release>", "only programs of which this release's verdict is not recorded").choices(
        RELEASES,
      ),
    )
    .action(async (image: string | undefined, options: Options) => {
      if (!projectFolder) throw new Error("this is not a checkout of the project");
      await record(projectFolder, image, options);
    });

if (import.meta.main) await runTask(command);
