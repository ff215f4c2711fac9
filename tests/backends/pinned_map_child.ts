/**
 * Run in a mount namespace of its own, with a BPF file system that only it sees at /sys/fs/bpf: pins a map as a live
 * program of this computer would have it, runs the listing that names the same pin, and prints what became of both.
 */
import { mkdirSync, readdirSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { cString, libbpf, options } from "../../lib/backends/linux/libbpf.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { linuxVerify } from "../../lib/backends/linux/verify.ts";
import { bpf } from "../../lib/compile/bpf.ts";

const PINS = "/sys/fs/bpf", HELD_BEFORE = 5n;
const pin = Deno.dlopen("libbpf.so.1", {
  bpf_obj_pin: { parameters: ["i32", "buffer"], result: "i32" },
  bpf_map_lookup_elem: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  bpf_map_create: { parameters: ["i32", "buffer", "u32", "u32", "u32", "buffer"], result: "i32" },
});
const ARRAY = 2;

const object = await bpf.file(fileURLToPath(new URL("./progs/pinned.bpf.c", import.meta.url)));
mkdirSync(`${PINS}/others`);
const live = libbpf().bpf_map_create(ARRAY, cString("hits"), 4, 8, 1, options(8));
libbpf().bpf_map_update_elem(live, new Uint8Array(4), new Uint8Array(new BigUint64Array([HELD_BEFORE]).buffer), 0n);

/** What is pinned, without the iterators that the kernel puts into every BPF file system. */
const pins = () => readdirSync(PINS).filter((name) => !name.endsWith(".debug")).sort();

/** What the listing counted, what the live map holds, and which pins there are. */
async function run() {
  const { verdict } = linuxVerify(object);
  const { final } = await runOnLinux(object, { cpus: 1, invocations: 1000, repeats: 1, durationMs: 1, exact: true });
  const held = new BigUint64Array(1);
  pin.symbols.bpf_map_lookup_elem(live, new Uint8Array(4), new Uint8Array(held.buffer));
  return { verdict, counted: String(final["hits[0]"]), held: String(held[0]), pins: pins() };
}

const withoutPin = await run();
const failed = pin.symbols.bpf_obj_pin(live, cString(`${PINS}/hits`));
process.stdout.write(JSON.stringify({ failed, withoutPin, withPin: await run() }) + "\n");
process.exit(0);
