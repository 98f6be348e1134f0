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

function comparePorts(a: NamedPort, b: NamedPort): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.protocol - b.protocol || a.port - b.port;
}

/**
 * Those of the endpoint's named ports that the policies' ingress rules mention, sorted, without repetition and with
 * nothing else in them: endpoints with equal answers can share a program.
 */
export function relevantPorts(
  policies: readonly Policy[],
  ports: readonly NamedPort[],
): readonly NamedPort[] {
  const mentioned = policies.map(mentionedPorts).filter(({ size }) => size > 0);
  if (mentioned.length === 0) return [];
  const relevant = new Map<string, NamedPort>();
  for (const { name, protocol, port } of ports) {
    const key = portKey({ name, protocol });
    if (mentioned.some((names) => names.has(key))) {
      relevant.set(`${key} ${port}`, { name, protocol, port });
    }
  }
  return [...relevant.values()].toSorted(comparePorts);
}
