import type { NetworkNamespace } from "../../../native/network-namespace.ts";
import { nftOrThrow } from "../nft-command.ts";

/** Packets of one kind, told by where they come from, what they claim and where they go. */
export interface CountedKind {
  readonly name: string;
  readonly interfaceName: string;
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  /** Default: UDP. */
  readonly protocol?: "tcp" | "udp";
  /** Whose port it is. Default: the destination's. */
  readonly portOf?: "source" | "destination";
}

export interface Count {
  readonly before: number;
  readonly after: number;
}

const TABLE = "gap";

function match(kind: CountedKind): string {
  const { interfaceName, source, destination, port, protocol = "udp", portOf = "destination" } = kind;
  const family = source.includes(":") ? "ip6" : "ip";
  const ends = `iifname "${interfaceName}" ${family} saddr ${source} ${family} daddr ${destination}`;
  return `${ends} ${protocol} ${portOf === "source" ? "sport" : "dport"} ${port}`;
}

/**
 * Counts every kind before any rule of ours looks (prerouting -400) and after the last (forward 400):
 * what entered and what got through.
 */
export function installCounters(node: NetworkNamespace, kinds: readonly CountedKind[]): void {
  const objects = kinds.flatMap(({ name }) => [`counter ${name}_before {}`, `counter ${name}_after {}`]);
  const rules = (end: "before" | "after") =>
    kinds.map((kind) => `${match(kind)} counter name ${kind.name}_${end}`).join("\n");
  const script = [
    `table inet ${TABLE} {`,
    ...objects,
    `chain before { type filter hook prerouting priority -400;`,
    rules("before"),
    `}`,
    `chain after { type filter hook forward priority 400;`,
    rules("after"),
    `}`,
    `}`,
  ].join("\n");
  nftOrThrow(node, ["-f", "-"], `${script}\n`);
}

interface Listed {
  readonly nftables: readonly { readonly counter?: { readonly name: string; readonly packets: number } }[];
}

export function readCounters(node: NetworkNamespace, kinds: readonly CountedKind[]): Map<string, Count> {
  const text = nftOrThrow(node, ["-j", "list", "counters", "table", "inet", TABLE]);
  const packets = new Map<string, number>();
  for (const { counter } of (JSON.parse(text) as Listed).nftables)
    if (counter !== undefined) packets.set(counter.name, counter.packets);
  return new Map(
    kinds.map(({ name }) => [
      name,
      {
        before: packets.get(`${name}_before`) ?? Number.NaN,
        after: packets.get(`${name}_after`) ?? Number.NaN,
      },
    ]),
  );
}
