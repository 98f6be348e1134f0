import type { RefusedObject } from "../../dataplane/dataplane.ts";
import type { EndpointRecord } from "../../handshake/endpoint-record.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import { podOf } from "./local-pods.ts";

/** Why the pod has not got the network that it should have; no waiting mends it. */
export interface Refusal {
  readonly found: string;
  readonly next: string;
}

function isAbout(object: RefusedObject, names: readonly string[]): boolean {
  // A refused set is nobody: what policies leave to the others is in force.
  return (object.kind === "endpoint" || object.kind === "program") && names.includes(object.id);
}

/** Judges what a pass has brought into the kernel for a record's pod; undefined: all of it. */
export function refusalOf(
  record: EndpointRecord,
  { ruleset, refused }: { readonly ruleset: Ruleset; readonly refused: readonly RefusedObject[] },
): Refusal | undefined {
  const id = podOf(record);
  const rules = ruleset.endpoints.get(id);
  if (rules === undefined) {
    return { found: `pod ${id} has finished`, next: "nothing: a finished pod gets no network" };
  }
  const address = record.addresses.find((one) => !rules.addresses.includes(one));
  if (address !== undefined) {
    const endpoints = [...ruleset.endpoints.values()];
    const owner = endpoints.find(({ addresses }) => addresses.includes(address));
    const whose = owner === undefined ? "another pod" : `pod ${owner.id}`;
    return {
      found: `${address} belongs to ${whose}, which was wired with it and is still here`,
      next: "delete one of the two pods; the address was leased twice, so look at the lease directory of host-local",
    };
  }
  const object = refused.find((one) => isAbout(one, [id, rules.ingress, rules.egress]));
  if (object === undefined) return undefined;
  const { title, because, consequence } = object;
  return {
    found: `the kernel refused ${object.kind} ${title}: ${because}; ${consequence}`,
    next: "see the agent's log for the batch that was refused",
  };
}
