import { addressFamily } from "../../model/address.ts";
import type { Attachment } from "../../model/endpoint.ts";
import { INTERFACE_PREFIX, type InterfaceName } from "../../model/fingerprint.ts";
import type { EndpointRules, ProgramId } from "../../model/ruleset.ts";
import type { Direction } from "../../model/policy.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { Verdict } from "./batch.ts";
import { ACCEPT, DROP, goto } from "./expressions.ts";
import { elementsByText, type KernelElement, type KernelElements } from "./kernel-objects.ts";
import type { DispatchKey, Names } from "./names.ts";

export interface EndpointOptions {
  /** Whether the program is in the kernel, or about to be: else the endpoint is closed in that direction. */
  readonly hasProgram: (id: ProgramId) => boolean;
  /** The kernel refused the endpoint: drop what it sends and receives. */
  readonly closed: boolean;
  /** During the grace: dispatch to the judges of replies too. */
  readonly mirrored: boolean;
  /** Whether the frame polices interfaces whose names do not begin as ours do. */
  readonly foreignInterfaces: boolean;
}

const ADDRESS: Attachment = { kind: "address" };
/** Longer ones the kernel refuses: then the endpoint must not be named at all. */
const INTERFACE_BYTES = 15;

/** Whether the name does not begin as ours do: an interface that nobody knows is then open. */
export function isForeign(name: InterfaceName): boolean {
  return !name.startsWith(INTERFACE_PREFIX);
}

/** How the frame tells the endpoint: by its addresses where it does not police its interface. */
export function attachmentIn(
  { attachment }: EndpointRules,
  options: { readonly foreignInterfaces: boolean },
): Attachment {
  const policed = attachment.kind === "address" || options.foreignInterfaces || !isForeign(attachment.name);
  return policed ? attachment : ADDRESS;
}

interface Dispatch {
  /** What the packet is judged by at this hook. */
  readonly direction: Direction;
  readonly mirrored: boolean;
  readonly verdict: Verdict;
}

function dispatches(names: Names, rules: EndpointRules, options: EndpointOptions): Dispatch[] {
  const judge = (program: ProgramId | "allow", mirrored: boolean): Verdict => {
    if (options.closed) return DROP;
    if (program === "allow") return ACCEPT;
    return options.hasProgram(program) ? goto(names.program(program, mirrored)) : DROP;
  };
  const found: Dispatch[] = [
    { direction: "egress", mirrored: false, verdict: judge(rules.egress, false) },
    { direction: "ingress", mirrored: false, verdict: judge(rules.ingress, false) },
  ];
  if (options.mirrored) {
    // What an endpoint sends is a reply to what its ingress program let in, and the other way round.
    found.push({ direction: "egress", mirrored: true, verdict: judge(rules.ingress, true) });
    found.push({ direction: "ingress", mirrored: true, verdict: judge(rules.egress, true) });
  }
  return found;
}

/** The endpoint's elements in the fixed maps and sets: how packets find its programs. */
export function renderEndpoint(names: Names, rules: EndpointRules, options: EndpointOptions): KernelElements {
  const { addresses } = rules;
  const attachment = attachmentIn(rules, options);
  const elements: KernelElement[] = [];
  const add = (key: string, map: DispatchKey) => {
    for (const { direction, mirrored, verdict } of dispatches(names, rules, options)) {
      elements.push({ set: names.dispatch(direction, map, mirrored), key, verdict });
    }
  };
  switch (attachment.kind) {
    case "interface":
      if (isForeign(attachment.name) && Buffer.byteLength(attachment.name) <= INTERFACE_BYTES) {
        elements.push({ set: names.foreign, key: attachment.name });
      }
      // A policed interface that is in no map drops.
      if (options.closed) break;
      add(attachment.name, "interfaces");
      for (const address of addresses) {
        const key = { concat: [attachment.name, address] };
        elements.push({ set: names.sources(addressFamily(address)), key });
      }
      break;
    case "address":
      for (const address of addresses) {
        const family = addressFamily(address);
        elements.push({ set: names.addresses(family), key: address });
        add(address, `addresses${family}`);
        // Without either, the gate drops what claims to be the endpoint.
        if (options.closed) continue;
        if (attachment.through === undefined) elements.push({ set: names.anywhere(family), key: address });
        else elements.push({ set: names.sources(family), key: { concat: [attachment.through, address] } });
      }
      break;
    default:
      return unreachable(attachment);
  }
  return elementsByText(elements);
}
