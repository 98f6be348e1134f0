import type { SetType } from "../batch.ts";

/** What a value is: the types of sets, and those that only rules compare. */
export type ValueType = SetType | "nf_proto" | "hop_limit" | "icmpv6_type" | "tcp_flag" | "ct_state";

/** Names of numbers, as nft prints them. */
export type Names = Readonly<Record<string, number>>;

interface TypeFacts {
  /** In bytes. */
  readonly length: number;
  /** nft's number of a type that sets can have. */
  readonly id?: number;
  /** What nft notes about the set for printing it: 1 is the host's byte order, 2 big-endian, 0 neither. */
  readonly byteOrder: 0 | 1 | 2;
  readonly names?: Names;
}

const PROTOCOLS: Names = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  "ipv6-icmp": 58,
  sctp: 132,
  udplite: 136,
};

const ICMPV6_TYPES: Names = {
  "destination-unreachable": 1,
  "packet-too-big": 2,
  "time-exceeded": 3,
  "parameter-problem": 4,
  "echo-request": 128,
  "echo-reply": 129,
  "mld-listener-query": 130,
  "mld-listener-report": 131,
  "mld-listener-done": 132,
  "nd-router-solicit": 133,
  "nd-router-advert": 134,
  "nd-neighbor-solicit": 135,
  "nd-neighbor-advert": 136,
  "nd-redirect": 137,
  "router-renumbering": 138,
  "ind-neighbor-solicit": 141,
  "ind-neighbor-advert": 142,
  "mld2-listener-report": 143,
};

const TCP_FLAGS: Names = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ecn: 64, cwr: 128 };
const CT_STATES: Names = { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 };

export const NFPROTO_IPV4 = 2;
export const NFPROTO_IPV6 = 10;

export const TYPES: Readonly<Record<ValueType, TypeFacts>> = {
  ipv4_addr: { id: 7, length: 4, byteOrder: 2 },
  ipv6_addr: { id: 8, length: 16, byteOrder: 2 },
  inet_proto: { id: 12, length: 1, byteOrder: 0, names: PROTOCOLS },
  inet_service: { id: 13, length: 2, byteOrder: 2 },
  ifname: { id: 41, length: 16, byteOrder: 1 },
  nf_proto: { length: 1, byteOrder: 1, names: { ipv4: NFPROTO_IPV4, ipv6: NFPROTO_IPV6 } },
  hop_limit: { length: 1, byteOrder: 2 },
  icmpv6_type: { length: 1, byteOrder: 2, names: ICMPV6_TYPES },
  tcp_flag: { length: 1, byteOrder: 2, names: TCP_FLAGS },
  ct_state: { length: 4, byteOrder: 1, names: CT_STATES },
};

/** What the encoder must know of a set to write its elements. */
export interface SetShape {
  /** One, or the fields of a concatenation. */
  readonly types: readonly SetType[];
  readonly interval: boolean;
}

const TYPE_BITS = 6;
const SET_TYPES: readonly SetType[] = ["ipv4_addr", "ipv6_addr", "inet_proto", "inet_service", "ifname"];

/** nft's number of the key's type: six bits a field. */
export function keyTypeId(types: readonly SetType[]): number {
  return types.reduce((id, type) => (id << TYPE_BITS) | (TYPES[type].id ?? 0), 0);
}

/** The reverse of `keyTypeId`; undefined where a field is of none of our types. */
export function keyTypesOf(id: number): SetType[] | undefined {
  const types: SetType[] = [];
  for (let rest = id; rest > 0; rest >>>= TYPE_BITS) {
    const type = SET_TYPES.find((one) => TYPES[one].id === (rest & ((1 << TYPE_BITS) - 1)));
    if (type === undefined) return undefined;
    types.unshift(type);
  }
  return types;
}

/** In a key and in registers every field takes a multiple of four bytes. */
export function paddedLength(type: ValueType): number {
  return (TYPES[type].length + 3) & ~3;
}
