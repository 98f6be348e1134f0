import type { NetworkNamespace } from "../../../native/network-namespace.ts";
import { nftOrThrow } from "../../netns/nft-command.ts";

/** Where packets are counted: a hook, before or after everything else there, and what else they must be like. */
export interface WitnessPoint {
  readonly name: string;
  readonly hook: "prerouting" | "input" | "forward";
  readonly order: "first" | "last";
  /** In nft's words, for example `iifname "cali*"`; empty: all. */
  readonly match: string;
}

/** Packets by kind. */
export type Counted = Readonly<Record<Kind, number>>;
export type Kind = "udp4" | "tcp4" | "icmp4" | "udp6" | "tcp6" | "icmp6";

/** Counts what a sender (sender.ts) sends. The kernel does it: nothing is too fast for it, and nothing is lost. */
export interface Witness {
  counted(point: string, mark: number): Counted;
  /** From zero again. */
  reset(): void;
}

const TABLE = "witness";
/** Before and after all hooks of other tables. */
const PRIORITY = { first: -400, last: 400 };

const SENT: Readonly<Record<Kind, (mark: number) => string>> = {
  udp4: (mark) => `meta nfproto ipv4 udp dport ${mark}`,
  tcp4: (mark) => `meta nfproto ipv4 tcp dport ${mark}`,
  icmp4: (mark) => `icmp type echo-request icmp id ${mark}`,
  udp6: (mark) => `meta nfproto ipv6 udp dport ${mark}`,
  tcp6: (mark) => `meta nfproto ipv6 tcp dport ${mark}`,
  icmp6: (mark) => `icmpv6 type echo-request icmpv6 id ${mark}`,
};
const KINDS = Object.keys(SENT) as Kind[];

const name = (point: string, mark: number, kind: Kind): string => `${point}_${mark}_${kind}`;

interface Listed {
  readonly nftables: readonly { readonly counter?: { readonly name: string; readonly packets: number } }[];
}

/** Puts it into a namespace, with which it ends. */
export function placeWitness(
  network: NetworkNamespace,
  points: readonly WitnessPoint[],
  marks: readonly number[],
): Witness {
  const all = points.flatMap((point) =>
    marks.flatMap((mark) => KINDS.map((kind) => ({ point, mark, kind }))),
  );
  const counters = all.map(({ point, mark, kind }) => `counter ${name(point.name, mark, kind)} {}`);
  const chains = points.map(({ name: pointName, hook, order, match }) => {
    const rules = marks.flatMap((mark) =>
      KINDS.map((kind) => `${match} ${SENT[kind](mark)} counter name ${name(pointName, mark, kind)}`),
    );
    return `chain ${pointName} {\ntype filter hook ${hook} priority ${PRIORITY[order]};\n${rules.join("\n")}\n}`;
  });
  nftOrThrow(network, ["-f", "-"], `table inet ${TABLE} {\n${[...counters, ...chains].join("\n")}\n}\n`);

  return {
    counted: (point, mark) => {
      const text = nftOrThrow(network, ["-j", "list", "counters", "table", "inet", TABLE]);
      const packets = new Map(
        (JSON.parse(text) as Listed).nftables.flatMap(({ counter }) =>
          counter === undefined ? [] : [[counter.name, counter.packets] as const],
        ),
      );
      const count = (kind: Kind): number => packets.get(name(point, mark, kind)) ?? Number.NaN;
      return Object.fromEntries(KINDS.map((kind) => [kind, count(kind)])) as Record<Kind, number>;
    },
    reset: () => void nftOrThrow(network, ["reset", "counters", "table", "inet", TABLE]),
  };
}
