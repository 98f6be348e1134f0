import type { PolicyPort } from "./kubernetes-policy.ts";

/** A number, a range `a:b`, or the name of a port. */
export type CalicoPort = number | string;

export interface ProtocolPorts {
  /** Undefined: any protocol. */
  readonly protocol: string | undefined;
  /** Undefined: every port. */
  readonly ports: readonly CalicoPort[] | undefined;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

function rangeText({ first, last }: Range): CalicoPort {
  return first === last ? first : `${first}:${last}`;
}

/** A port written as text of digits alone is a number, as Kubernetes' older objects have it. */
function range({ port, endPort }: PolicyPort): Range | undefined {
  const first = typeof port === "string" && /^\d+$/.test(port) ? Number(port) : port;
  return typeof first === "number" ? { first, last: endPort ?? first } : undefined;
}

function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const next of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before !== undefined && next.first <= before.last + 1) {
      result[result.length - 1] = { first: before.first, last: Math.max(before.last, next.last) };
    } else {
      result.push(next);
    }
  }
  return result;
}

/** Names first, then numbers as ranges that do not touch; what holds fewer than two numbers stays in its order. */
function simplified(ports: readonly PolicyPort[]): CalicoPort[] {
  const ranges = ports.flatMap((port) => range(port) ?? []);
  const numbers = ranges.reduce((count, { first, last }) => count + last - first + 1, 0);
  if (numbers <= 1) return ports.map(({ port = "" }) => (/^\d+$/.test(String(port)) ? Number(port) : port));
  const names = ports.filter((port) => range(port) === undefined).map(({ port = "" }) => port);
  return [...names, ...merged(ranges).map(rangeText)];
}

/** The ports of a rule by protocol (TCP where none is written), in the protocols' alphabetical order. */
export function portsByProtocol(ports: readonly PolicyPort[]): readonly ProtocolPorts[] {
  if (ports.length === 0) return [{ protocol: undefined, ports: undefined }];
  const byProtocol = Map.groupBy(ports, ({ protocol }) => protocol ?? "TCP");
  return [...byProtocol]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([protocol, group]) => ({
      protocol,
      // An entry without a port is the protocol as a whole.
      ports: group.some(({ port }) => port === undefined) ? undefined : simplified(group),
    }));
}
