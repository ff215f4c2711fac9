/** The axiomatic models by name. */
import { bpfModel } from "./bpf_model.ts";
import type { AxiomaticModel } from "./model.ts";
import { scModel } from "./sc_model.ts";
import { x86Model } from "./x86_model.ts";

export const axiomaticModels: Readonly<Record<AxiomaticModel["name"], AxiomaticModel>> = {
  sc: scModel,
  x86: x86Model,
  bpf: bpfModel(),
};
