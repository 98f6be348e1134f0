import { addressFamily } from "../../model/address.ts";
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
  const { attachment, addresses } = rules;
  const elements: KernelElement[] = [];
  const add = (key: string, map: DispatchKey) => {
    for (const { direction, mirrored, verdict } of dispatches(names, rules, options)) {
      elements.push({ set: names.dispatch(direction, map, mirrored), key, verdict });
    }
  };
  switch (attachment.kind) {
    case "interface":
      // An interface that is in no map drops already.
      if (options.closed) return new Map();
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
      }
      break;
    default:
      return unreachable(attachment);
  }
  return elementsByText(elements);
}
