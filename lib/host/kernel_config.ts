/** The configuration of the kernel underneath, as far as it tells. */
import { readFileSync } from "node:fs";
import { release } from "node:os";
import process from "node:process";
import { gunzipSync } from "node:zlib";

export interface RunningKernel {
  /** As LINUX_KERNEL_VERSION counts: major, minor and patch of the release, eight bits for the last two. */
  readonly version: number;
  /** What stands behind `CONFIG_X=`; undefined for what is not set, or when the kernel keeps its configuration to itself. */
  option(name: string): string | undefined;
}

/** `undefined` where the kernel is not Linux. Nothing is read before it is asked for. */
export function runningKernel(): RunningKernel | undefined {
  if (process.platform !== "linux") return undefined;
  return {
    get version() {
      const [major, minor, patch] = release().split(/\D+/).map(Number);
      return (major << 16) + (minor << 8) + Math.min(patch || 0, 255);
    },
    option: (name) => configuration().get(name),
  };
}

let options: ReadonlyMap<string, string> | undefined;

function configuration(): ReadonlyMap<string, string> {
  return options ??= new Map([...text().matchAll(/^(CONFIG_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
}

/** Where libbpf looks, too (libbpf.c:bpf_object__read_kconfig_file). */
function text(): string {
  for (const path of [`/boot/config-${release()}`, "/proc/config.gz"]) {
    try {
      const bytes = readFileSync(path);
      return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
    } catch {
      // the other one may be there
    }
  }
  return "";
}
