import type { MessageBuffer } from "../../../native/message-buffer.ts";
import type { Expression } from "../batch.ts";
import {
  COMPARE,
  compare,
  ctStateLoad,
  META_KEYS,
  metaLoad,
  NETWORK_HEADER,
  payloadLoad,
  type PayloadPlace,
  registerAt,
  TRANSPORT_HEADER,
} from "./bytecode.ts";
import { cannotEncode, EncodeError } from "./encode-error.ts";
import { NFPROTO_IPV4, NFPROTO_IPV6, paddedLength, TYPES, type ValueType } from "./value-types.ts";

const TCP = 6;
const ICMPV6 = 58;

/** What the rule has already made sure of about the packet's protocols. */
export interface RuleContext {
  network: number | undefined;
  transport: number | undefined;
}

/** Something of the packet that can be loaded and compared. */
export interface Field {
  readonly type: ValueType;
  /** Undefined: not read from the packet's bytes. */
  readonly place: PayloadPlace | undefined;
  load(buffer: MessageBuffer, register: number): void;
  /** Without them other protocols' bytes would be read as this field. */
  readonly network?: number;
  readonly transport?: number;
}

function payloadField(
  type: ValueType,
  { base, offset }: { readonly base: number; readonly offset: number },
  needs: { readonly network?: number; readonly transport?: number } = {},
): Field {
  const place = { base, offset, length: TYPES[type].length };
  return { type, place, load: (buffer, register) => payloadLoad(buffer, place, register), ...needs };
}

function metaField(type: ValueType, key: keyof typeof META_KEYS): Field {
  return { type, place: undefined, load: (buffer, register) => metaLoad(buffer, META_KEYS[key], register) };
}

/** RFC 791, 8200, 9293 and 4443 say where the bytes are. */
const FIELDS: ReadonlyMap<string, Field> = new Map([
  ["ip saddr", payloadField("ipv4_addr", { base: NETWORK_HEADER, offset: 12 }, { network: NFPROTO_IPV4 })],
  ["ip daddr", payloadField("ipv4_addr", { base: NETWORK_HEADER, offset: 16 }, { network: NFPROTO_IPV4 })],
  ["ip6 saddr", payloadField("ipv6_addr", { base: NETWORK_HEADER, offset: 8 }, { network: NFPROTO_IPV6 })],
  ["ip6 daddr", payloadField("ipv6_addr", { base: NETWORK_HEADER, offset: 24 }, { network: NFPROTO_IPV6 })],
  ["ip6 hoplimit", payloadField("hop_limit", { base: NETWORK_HEADER, offset: 7 }, { network: NFPROTO_IPV6 })],
  ["th sport", payloadField("inet_service", { base: TRANSPORT_HEADER, offset: 0 })],
  ["th dport", payloadField("inet_service", { base: TRANSPORT_HEADER, offset: 2 })],
  ["tcp flags", payloadField("tcp_flag", { base: TRANSPORT_HEADER, offset: 13 }, { transport: TCP })],
  [
    "icmpv6 type",
    payloadField(
      "icmpv6_type",
      { base: TRANSPORT_HEADER, offset: 0 },
      { network: NFPROTO_IPV6, transport: ICMPV6 },
    ),
  ],
  ["meta iifname", metaField("ifname", "iifname")],
  ["meta oifname", metaField("ifname", "oifname")],
  ["meta nfproto", metaField("nf_proto", "nfproto")],
  ["meta l4proto", metaField("inet_proto", "l4proto")],
  ["ct state", { type: "ct_state", place: undefined, load: ctStateLoad }],
]);

export function fieldOf(expression: Expression): Field {
  let field: Field | undefined;
  if (typeof expression === "object") {
    if ("payload" in expression) {
      field = FIELDS.get(`${expression.payload.protocol} ${expression.payload.field}`);
    } else if ("meta" in expression) {
      field = FIELDS.get(`meta ${expression.meta.key}`);
    } else if ("ct" in expression) {
      field = FIELDS.get(`ct ${expression.ct.key}`);
    }
  }
  return field ?? cannotEncode(expression, "a field of the packet");
}

/** A field, or the fields of a concatenation. */
export function fieldsOf(expression: Expression): readonly Field[] {
  return typeof expression === "object" && "concat" in expression
    ? expression.concat.map(fieldOf)
    : [fieldOf(expression)];
}

function demandNetwork(buffer: MessageBuffer, context: RuleContext, network: number): void {
  metaLoad(buffer, META_KEYS.nfproto, registerAt(0));
  compare(buffer, COMPARE.eq, Uint8Array.of(network));
  context.network = network;
}

/** Writes the checks of protocols that the field needs and the rule lacks, as libnftables puts them in. */
function demandProtocols(buffer: MessageBuffer, context: RuleContext, { network, transport }: Field): void {
  if (transport === undefined) {
    if (network === undefined || context.network === network) return;
    if (context.network !== undefined) throw new EncodeError("one rule asks for both IPv4 and IPv6");
    demandNetwork(buffer, context, network);
    return;
  }
  if (context.transport === transport) return;
  if (context.transport !== undefined) {
    throw new EncodeError(`one rule asks for protocols ${context.transport} and ${transport}`);
  }
  if (network !== undefined && context.network === undefined) demandNetwork(buffer, context, network);
  metaLoad(buffer, META_KEYS.l4proto, registerAt(0));
  compare(buffer, COMPARE.eq, Uint8Array.of(transport));
  context.transport = transport;
}

/** Loads the fields side by side, from register 1 on. */
export function loadFields(buffer: MessageBuffer, context: RuleContext, fields: readonly Field[]): void {
  for (const field of fields) demandProtocols(buffer, context, field);
  let offset = 0;
  for (const field of fields) {
    field.load(buffer, registerAt(offset));
    offset += paddedLength(field.type);
  }
}

/** Loads only the first `length` bytes of a field of the packet. */
export function loadFieldStart(
  buffer: MessageBuffer,
  context: RuleContext,
  { field, length }: { readonly field: Field; readonly length: number },
): void {
  demandProtocols(buffer, context, field);
  if (field.place === undefined) field.load(buffer, registerAt(0));
  else payloadLoad(buffer, { ...field.place, length }, registerAt(0));
}
