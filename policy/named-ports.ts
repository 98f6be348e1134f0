import type { NamedPort } from "../model/endpoint.ts";
import type { Policy } from "../model/policy.ts";

const mentions = new WeakMap<Policy, ReadonlySet<string>>();

function portKey({ protocol, name }: Pick<NamedPort, "protocol" | "name">): string {
  return `${protocol} ${name}`;
}

/** The named ports that the policy's ingress rules ask for. */
export function mentionedPorts(policy: Policy): ReadonlySet<string> {
  const known = mentions.get(policy);
  if (known !== undefined) return known;
  const found = new Set<string>();
  for (const { ports } of policy.ingress) {
    if (ports === "everything") continue;
    for (const port of ports) if (port.kind === "named") found.add(portKey(port));
  }
  mentions.set(policy, found);
  return found;
}

const NONE: readonly NamedPort[] = [];

function comparePorts(a: NamedPort, b: NamedPort): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.protocol - b.protocol || a.port - b.port;
}

/**
 * Those of the endpoint's named ports that the policies' ingress rules mention, sorted, without repetition and with
 * nothing else in them: endpoints with equal answers can share a program.
 */
export function relevantPorts(
  mentioned: ReadonlySet<string>,
  ports: readonly NamedPort[],
): readonly NamedPort[] {
  if (mentioned.size === 0) return NONE;
  const relevant = new Map<string, NamedPort>();
  for (const { name, protocol, port } of ports) {
    const key = portKey({ name, protocol });
    if (mentioned.has(key)) relevant.set(`${key} ${port}`, { name, protocol, port });
  }
  return relevant.size === 0 ? NONE : [...relevant.values()].toSorted(comparePorts);
}
