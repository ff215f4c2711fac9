/** Whether the running kernel can be used, and if not, why and what would help. */
import { isDeno, platform } from "../../host/environment.ts";
import { fileExists } from "../../host/files.ts";
import type { Availability } from "../backend.ts";
import { cString, libbpf, libc, options } from "./libbpf.ts";
import { errnoName } from "../../uapi/errno.ts";
import { BPF_PROG_TYPE } from "../../uapi/prog_types.ts";

/** Loading and running programs takes CAP_BPF and CAP_PERFMON; packet programs (xdp, tc) take CAP_NET_ADMIN too. */
export const AS_A_USER = 'sudo setpriv --reuid="$(id -u)" --regid="$(id -g)" --init-groups ' +
  "--inh-caps=+bpf,+perfmon --ambient-caps=+bpf,+perfmon " +
  'env "HOME=$HOME" "PATH=$PATH" npx -y deno@2.8.1 task start';

const IN_A_CONTAINER = "give the container these capabilities: --cap-add BPF --cap-add PERFMON (docker, podman)";

const no = (reason: string, remedy: string): Availability => ({ available: false, reason, remedy });

/**
 * Looks for everything the Linux backend needs, the cheapest first: Linux, Deno with FFI, libbpf, the kernel's BTF, and
 * the right to load a program. The last is found out by loading a program of two instructions and closing it.
 */
export function linuxAvailable(): Availability {
  if (platform !== "linux") {
    return no(
      `this is ${platform}, not Linux`,
      "run it in a Linux virtual machine; recorded figures stand in its place",
    );
  }
  if (!isDeno) return no("this is not Deno (its FFI is needed)", "npx -y deno@2.8.1 task test");
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    return no("Deno may not call native libraries", "run deno with --allow-ffi (or -A)");
  }
  try {
    libbpf();
    libc();
  } catch (error) {
    return no(
      `libbpf.so.1 cannot be opened (${error instanceof Error ? error.message : error})`,
      "sudo apt-get install libbpf1   (Fedora: sudo dnf install libbpf)",
    );
  }
  if (!fileExists("/sys/kernel/btf/vmlinux")) {
    return no("the kernel has no BTF (/sys/kernel/btf/vmlinux)", "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y");
  }
  const fd = loadTinyProgram();
  if (fd < 0) {
    const isRoot = Deno.uid() === 0;
    const lacking = `${isRoot ? "root, but " : ""}without the capabilities CAP_BPF and CAP_PERFMON`;
    return no(
      `the kernel refuses to load programs: ${errnoName(fd)} (${lacking})`,
      isRoot ? IN_A_CONTAINER : AS_A_USER,
    );
  }
  libc().close(fd);
  return { available: true };
}

/** `r0 = 0; exit` as a raw tracepoint program; gives its fd or a negative errno. */
function loadTinyProgram(): number {
  const insns = new Uint8Array([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
  return libbpf().bpf_prog_load(BPF_PROG_TYPE.RAW_TRACEPOINT, cString("probe"), cString("GPL"), insns, 2n, options(8));
}
