import { beginMessage, createMessageBuffer, endMessage, writeU32Host } from "./message-buffer.ts";
import { type NetlinkEvents, openNetlinkEvents, type Probe, type Waiter } from "./netlink-events.ts";
import { attributeString, netlinkAttributes, type NetlinkMessage } from "./netlink-messages.ts";
import { NETLINK_NETFILTER } from "./netlink-socket.ts";

/** The multicast group of nf_tables' events. */
export const NFNLGRP_NFTABLES = 7;
const NFTABLES_MESSAGES = 0x0a00;
const NEWGEN = NFTABLES_MESSAGES | 15;
const GETGEN = NFTABLES_MESSAGES | 16;
const NLM_F_REQUEST = 1;
const NFGENMSG = 4;
const FIRST_NAME = 1;
const PROBE_SEQUENCE = 0x746f7274;

/** Something in a table was changed. */
export interface NftablesEvent {
  readonly family: number;
  readonly table: string;
  /** The socket that did it: compare with a NetlinkSocket's `portId`. */
  readonly portId: number;
}

export interface NftablesEventsOptions {
  readonly changed: (events: readonly NftablesEvent[]) => void;
  /** Changes went unseen, or the socket broke: open anew, then look at everything. */
  readonly lost: (reason: string) => void;
  readonly receiveBufferBytes?: number;
  readonly way?: Waiter;
}

function eventOf({ type, portId, payload }: NetlinkMessage): NftablesEvent | undefined {
  if ((type & 0xff00) !== NFTABLES_MESSAGES || type === NEWGEN) return undefined;
  const table = attributeString(netlinkAttributes(payload, NFGENMSG).get(FIRST_NAME));
  return table === undefined ? undefined : { family: payload[0] ?? 0, table, portId };
}

function generationRequest(): Uint8Array {
  const buffer = createMessageBuffer(32);
  const start = beginMessage(buffer, GETGEN, NLM_F_REQUEST, PROBE_SEQUENCE);
  writeU32Host(buffer, 0);
  endMessage(buffer, start);
  return buffer.bytes.slice(0, buffer.length);
}

/** Asks for the generation, which every kernel with nf_tables answers. */
export const NFTABLES_PROBE: Probe = {
  request: generationRequest(),
  isAnswer: ({ type, sequence }) => type === NEWGEN && sequence === PROBE_SEQUENCE,
};

/** Tells every change of any nftables table of this network namespace, our own included. Throws as openNetlinkEvents does. */
export function openNftablesEvents(options: NftablesEventsOptions): Promise<NetlinkEvents> {
  const { changed, lost, receiveBufferBytes, way } = options;
  return openNetlinkEvents({
    protocol: NETLINK_NETFILTER,
    groups: [NFNLGRP_NFTABLES],
    probe: NFTABLES_PROBE,
    events: (messages) => {
      const events = messages.map(eventOf).filter((event) => event !== undefined);
      if (events.length > 0) changed(events);
    },
    lost,
    ...(receiveBufferBytes !== undefined && { receiveBufferBytes }),
    ...(way !== undefined && { way }),
  });
}
