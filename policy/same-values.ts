import type { Attachment } from "../model/endpoint.ts";
import type { EndpointRules, Peers, PortSegment, Program, Stage } from "../model/ruleset.ts";
import { sameItems } from "./address-owners.ts";

function sameLists<Item>(
  a: readonly Item[],
  b: readonly Item[],
  same: (one: Item, other: Item) => boolean,
): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  return a.every((item, at) => {
    const other = b[at];
    return other !== undefined && same(item, other);
  });
}

function samePeers(a: Peers | undefined, b: Peers | undefined): boolean {
  if (a?.kind === "set" && b?.kind === "set") return a.set === b.set;
  return a?.kind === b?.kind;
}

function sameSegments(a: PortSegment, b: PortSegment): boolean {
  const samePorts = a.protocol === b.protocol && a.first === b.first && a.last === b.last;
  return samePorts && samePeers(a.peers, b.peers);
}

function sameStages(a: Stage, b: Stage): boolean {
  if (a.verdict !== b.verdict || a.services !== b.services || !samePeers(a.anyPort, b.anyPort)) return false;
  return sameLists(a.segments, b.segments, sameSegments);
}

/** Part by part: the text of a program that stands for a thousand policies is long. */
export function samePrograms(a: Program, b: Program): boolean {
  const sameHead = a.id === b.id && a.direction === b.direction && a.title === b.title;
  return sameHead && sameLists(a.stages, b.stages, sameStages);
}

function sameAttachments(a: Attachment, b: Attachment): boolean {
  if (a.kind === "interface") return b.kind === "interface" && a.name === b.name;
  return b.kind === "address" && a.through === b.through;
}

export function sameRules(a: EndpointRules, b: EndpointRules): boolean {
  const samePolicies = a.id === b.id && a.ingress === b.ingress && a.egress === b.egress;
  return samePolicies && sameAttachments(a.attachment, b.attachment) && sameItems(a.addresses, b.addresses);
}
