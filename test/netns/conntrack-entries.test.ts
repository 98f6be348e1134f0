import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { deleteConntrackEntries } from "../../dataplane/conntrack/delete-entries.ts";
import { type Address, addressBytes, addressFamily } from "../../model/address.ts";
import { Conntrack } from "../../native/conntrack.ts";
import type { ConntrackEntry } from "../../native/conntrack-message.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { pollSockets, ProbeSocket } from "../../native/probe-socket.ts";
import { nftOrThrow } from "./nft-command.ts";
import { createNode, podPlan, wirePod } from "./pod-link/pods.ts";

const A = ["10.65.0.1", "fd00:65::1"] as Address[];
const B = ["10.65.0.2", "fd00:65::2"] as Address[];
const C = ["10.65.0.3", "fd00:65::3"] as Address[];
const PORT = 5_353;

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

interface Pod {
  readonly network: NetworkNamespace;
  readonly addresses: readonly Address[];
}

/** A node that follows connections, with pods on it. */
function wired(...pods: readonly (readonly Address[])[]): {
  readonly host: NetworkNamespace;
  readonly pods: Pod[];
} {
  const host = opened.use(createNode());
  nftOrThrow(
    host,
    ["-f", "-"],
    `table inet follow {
      chain seen { type filter hook forward priority 0; ct state new accept; }
      chain service { type nat hook prerouting priority -100;
        ip daddr 198.51.100.1 udp dport ${PORT} dnat ip to 10.65.0.2
        ip6 daddr 2001:db8:100::1 udp dport ${PORT} dnat ip6 to fd00:65::2;
      }
      chain leaving { type nat hook postrouting priority 100;
        ip saddr 10.65.0.3 udp dport ${PORT} masquerade
        ip6 saddr fd00:65::3 udp dport ${PORT} masquerade;
      }
    }`,
  );
  const made = pods.map((addresses, at) => {
    const network = opened.use(NetworkNamespace.create());
    wirePod(host, podPlan(network, `pod${at}`, addresses));
    return { network, addresses };
  });
  return { host, pods: made };
}

function ofFamily(pod: Pod, family: 4 | 6): Address {
  const address = pod.addresses.find((one) => addressFamily(one) === family);
  if (address === undefined) throw new Error(`no address of IPv${family}`);
  return address;
}

interface Talk {
  readonly from: Pod;
  readonly to: Pod;
  /** What the sender calls the receiver. */
  readonly called?: Address;
  readonly sourcePort?: number;
}

/** Sends one datagram each way and waits for both. */
function talk(family: 4 | 6, { from, to, called = ofFamily(to, family), sourcePort = 40_000 }: Talk): void {
  const at = (pod: Pod, port: number) => ({ address: addressBytes(ofFamily(pod, family)), port });
  using sender = from.network.run(() => ProbeSocket.bindUdp(at(from, sourcePort)));
  using receiver = to.network.run(() => ProbeSocket.bindUdp(at(to, PORT)));
  const heard = (socket: ProbeSocket) => {
    const [ready] = pollSockets([{ socket, until: "readable" }], 5_000);
    const got = ready?.socket.receive();
    if (got === undefined) throw new Error("the datagram did not come");
    return got.from;
  };
  sender.send(new Uint8Array(4), { address: addressBytes(called), port: PORT });
  receiver.send(new Uint8Array(4), heard(receiver));
  heard(sender);
}

/** Each connection as `who began > who answers`, in order. */
function entries(host: NetworkNamespace): string[] {
  const found: string[] = [];
  using conntrack = host.run(() => new Conntrack());
  conntrack.visit(undefined, ({ originalSource, replySource }: ConntrackEntry) => {
    found.push(`${text(originalSource)} > ${text(replySource)}`);
  });
  return found.toSorted();
}

function text(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join(".") : `fd00:65::${bytes[15] ?? 0}`;
}

// Whether all are read, or the kernel is asked for those of each address.
const WAYS = [
  ["a small table", 4_000],
  ["a large table", 0],
] as const;

test.each(WAYS)(
  "%s: the connections of the addresses go, in both directions and families, and no others",
  (_, fewEntries) => {
    const { host, pods } = wired(A, B, C);
    const [a, b, c] = pods as [Pod, Pod, Pod];
    for (const family of [4, 6] as const) {
      talk(family, { from: a, to: b });
      talk(family, { from: b, to: a, sourcePort: 41_000 });
      talk(family, { from: b, to: c });
    }
    expect(entries(host)).toEqual([
      "10.65.0.1 > 10.65.0.2",
      "10.65.0.2 > 10.65.0.1",
      "10.65.0.2 > 10.65.0.3",
      "fd00:65::1 > fd00:65::2",
      "fd00:65::2 > fd00:65::1",
      "fd00:65::2 > fd00:65::3",
    ]);
    const remove = (addresses: readonly Address[]) =>
      host.run(() => deleteConntrackEntries(addresses, { fewEntries }));
    expect(remove([ofFamily(a, 4)])).toBe(2);
    expect(remove([])).toBe(0);
    expect(remove(["10.65.0.9", "fd00:65::9"] as Address[])).toBe(0);
    expect(entries(host)).toHaveLength(4);
    expect(remove(a.addresses)).toBe(2);
    expect(entries(host)).toEqual(["10.65.0.2 > 10.65.0.3", "fd00:65::2 > fd00:65::3"]);
    expect(remove(a.addresses)).toBe(0);
  },
);

test.each(WAYS)(
  "%s: a connection by a Service's address, and a masqueraded one, are their pods'",
  (_, fewEntries) => {
    const { host, pods } = wired(A, B, C);
    const [a, b, c] = pods as [Pod, Pod, Pod];
    const services = { 4: "198.51.100.1", 6: "2001:db8:100::1" } as const;
    for (const family of [4, 6] as const) {
      talk(family, { from: a, to: b, called: services[family] as Address });
      talk(family, { from: c, to: a });
    }
    expect(entries(host)).toHaveLength(4);
    const remove = (addresses: readonly Address[]) =>
      host.run(() => deleteConntrackEntries(addresses, { fewEntries }));
    expect(remove(b.addresses)).toBe(2);
    expect(remove(c.addresses)).toBe(2);
    expect(entries(host)).toEqual([]);
  },
);

test("more connections than fit into one call go", () => {
  const { host, pods } = wired(A, B);
  const [a, b] = pods as [Pod, Pod];
  for (let at = 0; at < 300; at++) talk(4, { from: a, to: b, sourcePort: 20_000 + at });
  expect(entries(host)).toHaveLength(300);
  expect(host.run(() => deleteConntrackEntries(["10.65.0.1" as Address]))).toBe(300);
  expect(entries(host)).toEqual([]);
});

test("an entry that is gone already is no error and is not counted", () => {
  const { host, pods } = wired(A, B);
  const [a, b] = pods as [Pod, Pod];
  talk(4, { from: a, to: b });
  using conntrack = host.run(() => new Conntrack());
  const found: ConntrackEntry[] = [];
  conntrack.visit(undefined, (entry) => found.push(entry));
  expect(conntrack.delete([...found, ...found])).toBe(1);
  expect(conntrack.delete(found)).toBe(0);
  expect(entries(host)).toEqual([]);
});

test("a namespace that follows no connection has none to delete", () => {
  const host = opened.use(NetworkNamespace.create());
  expect(host.run(() => readFileSync("/proc/sys/net/netfilter/nf_conntrack_count", "utf8"))).toBe("0\n");
  expect(host.run(() => deleteConntrackEntries(A))).toBe(0);
});
