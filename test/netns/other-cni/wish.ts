import { expect } from "bun:test";
import type { LabFlow } from "../../../demo/lab/flow.ts";
import type { Address, Family } from "../../../model/address.ts";
import type { Ruleset } from "../../../model/ruleset.ts";
import { addressSet, EVERYONE, from, ports, program, ruleset } from "../../golden/ruleset-builder.ts";
import { BRIDGE_RANGES, type OtherCniLab, VETH_RANGES, type WiredPod } from "./lab.ts";
import { rulesOf } from "./policed.ts";

export const PODS: readonly WiredPod[] = [
  { key: "x/server", wiring: "bridge" },
  { key: "x/client", wiring: "bridge" },
  { key: "x/shut", wiring: "bridge" },
  { key: "x/alone", wiring: "veth" },
  { key: "x/stranger", wiring: "veth" },
];
export const FAMILIES: readonly Family[] = [4, 6];
export const GATEWAY: Readonly<Record<Family, Address>> = {
  4: "10.66.0.1" as Address,
  6: "fd00:66::1" as Address,
};
export const OUTSIDE: Readonly<Record<Family, readonly [string, string]>> = {
  4: ["203.0.113.10", "203.0.113.200"],
  6: ["2001:db8:113::10", "2001:db8:113::200"],
};

export const ALL_RANGES: readonly string[] = [...BRIDGE_RANGES, ...VETH_RANGES];

export interface WishOptions {
  /** Pods that the node knows nothing of. */
  readonly without?: readonly string[];
  readonly podRanges?: readonly string[];
}

/**
 * The server lets x/client, x/alone and one host outside in on port 80. x/shut may send nothing; x/stranger and x/client
 * are under no policy, and x/alone lets in on port 90 whoever asks.
 */
export function wishOf(lab: OtherCniLab, options: WishOptions = {}): Ruleset {
  const { without = [], podRanges = ALL_RANGES } = options;
  const friends = addressSet({
    title: "friends",
    pods: ["x/client", "x/alone"].flatMap((key) => lab.pods.get(key)?.addresses ?? []),
    blocks: [`${OUTSIDE[4][0]}/32`, `${OUTSIDE[6][0]}/128`],
  });
  const serverIn = program("ingress", "friends on 80", { segments: [ports(80, from(friends))] });
  const aloneIn = program("ingress", "everyone on 90", { segments: [ports(90, EVERYONE)] });
  const shutOut = program("egress", "nothing out");
  return ruleset({
    endpoints: [
      rulesOf(lab, "x/server", { ingress: serverIn }),
      rulesOf(lab, "x/client"),
      rulesOf(lab, "x/shut", { egress: shutOut }),
      rulesOf(lab, "x/alone", { ingress: aloneIn }),
      rulesOf(lab, "x/stranger"),
    ].filter(({ id }) => !without.includes(id)),
    programs: [serverIn, aloneIn, shutOut],
    addressSets: [friends],
    podRanges,
  });
}

export function tcp(family: Family, from_: string, to: string, port: number): LabFlow {
  return { from: from_, to, protocol: "TCP", port, family };
}

/** Throws with the flows that become something else. */
export async function expectVerdicts(
  lab: OtherCniLab,
  { allowed, denied }: { readonly allowed: readonly LabFlow[]; readonly denied: readonly LabFlow[] },
): Promise<void> {
  const arrived = await lab.probe([...allowed, ...denied]);
  const wrong = [...allowed, ...denied].filter((_, index) => arrived[index] !== index < allowed.length);
  expect(wrong).toEqual([]);
}
