/** An interrupt between load and store of the same CPU's counter. */
export default () => ({
  programs: [{ prog: "per_cpu", cpus: [0], invocations: 1 }],
  interrupts: [{ prog: "per_cpu", cpu: 0, count: 1 }],
});
