import { TABLE } from "../../dataplane/nft/names.ts";
import { openNetlinkEvents } from "../../native/netlink-events.ts";
import { attributeString, netlinkAttributes, type NetlinkMessage } from "../../native/netlink-messages.ts";
import { NETLINK_NETFILTER } from "../../native/netlink-socket.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { NFNLGRP_NFTABLES, NFTABLES_PROBE } from "../../native/nftables-events.ts";
import { type Arrival, wallClock } from "../scripted-cluster/server-messages.ts";

const NEW_ELEMENT = 0x0a00 | 12;
const NFGENMSG = 4;
/** NFTA_SET_ELEM_LIST_*. */
const [TABLE_NAME, SET_NAME, ELEMENTS] = [1, 2, 3];
/** NFTA_LIST_ELEM, NFTA_SET_ELEM_KEY and NFTA_DATA_VALUE: one within the other. */
const NESTED = [1, 1, 1];
const IPV4_BYTES = 4;
const RECEIVE_BUFFER_BYTES = 16 * 1024 * 1024;

/** The address that came into a set of pods; undefined: the message is about something else. */
function arrivedAddress({ type, payload }: NetlinkMessage): string | undefined {
  if (type !== NEW_ELEMENT) return undefined;
  const attributes = netlinkAttributes(payload, NFGENMSG);
  if (attributeString(attributes.get(TABLE_NAME)) !== TABLE) return undefined;
  if (!/^e\d+-endpoints4-/.test(attributeString(attributes.get(SET_NAME)) ?? "")) return undefined;
  let value = attributes.get(ELEMENTS);
  // The kernel tells each element in a message of its own.
  for (const attribute of NESTED) value = value && netlinkAttributes(value).get(attribute);
  return value?.length === IPV4_BYTES ? value.join(".") : undefined;
}

/** How long probes take from the API server into the kernel. */
export interface KernelArrivals extends Disposable {
  /** Addresses of probes that came to be in the API. */
  expect(arrivals: readonly Arrival[]): void;
  /** Milliseconds that each took which came to be in the kernel. */
  readonly milliseconds: readonly number[];
  /** What was expected and what came so far counts no more. */
  forget(): void;
  /** How many are not in the kernel yet. */
  readonly missing: number;
  /** Why not everything was heard; undefined: it was. */
  readonly lost: string | undefined;
}

/** Listens to what the kernel tells of its sets. Throws SystemCallError and NetlinkEventsError. */
export async function watchKernelArrivals(namespace: NetworkNamespace): Promise<KernelArrivals> {
  const expected = new Map<string, number>();
  /** The kernel may be heard before the server. */
  const seen = new Map<string, number>();
  const milliseconds: number[] = [];
  let lost: string | undefined;
  const events = await namespace.run(() =>
    openNetlinkEvents({
      protocol: NETLINK_NETFILTER,
      groups: [NFNLGRP_NFTABLES],
      probe: NFTABLES_PROBE,
      receiveBufferBytes: RECEIVE_BUFFER_BYTES,
      lost: (reason) => (lost = reason),
      events: (messages) => {
        const now = wallClock();
        for (const address of messages.map(arrivedAddress)) {
          if (address === undefined) continue;
          const since = expected.get(address);
          if (since === undefined) seen.set(address, now);
          else milliseconds.push(now - since);
          expected.delete(address);
        }
      },
    }),
  );
  return {
    milliseconds,
    forget() {
      expected.clear();
      milliseconds.length = 0;
    },
    get missing() {
      return expected.size;
    },
    get lost() {
      return lost;
    },
    expect(arrivals) {
      for (const { address, at } of arrivals) {
        const seenAt = seen.get(address) ?? -Infinity;
        seen.delete(address);
        if (seenAt >= at) milliseconds.push(seenAt - at);
        else expected.set(address, at);
      }
    },
    [Symbol.dispose]: () => events[Symbol.dispose](),
  };
}
