import { writeFileSync } from "node:fs";
import type { Lab } from "../../../demo/lab/lab.ts";
import { placeAddress } from "../../../demo/lab/place.ts";
import { type Address, addressBytes, type Family } from "../../../model/address.ts";
import { ProbeSocket } from "../../../native/probe-socket.ts";
import { type Count, type CountedKind, installCounters, readCounters } from "../../netns/gap/counters.ts";
import type { FloodReport } from "../../netns/gap/flood.ts";
import { startFlood } from "../../netns/gap/flood-process.ts";
import { placeOf } from "../../netns/place-of.ts";
import type { DialReport } from "./dialler.ts";
import { startDialler } from "./dialler-process.ts";
import { startMidstream } from "./midstream.ts";
import { type SmallTalk, startSmallTalk, TALK_PORT, type TalkReport } from "./small-talk.ts";

const FAMILIES: readonly Family[] = [4, 6];
const DIAL_PORT = 8080;
/** Of each of the two floods: the agents that take turns want the processor, too. */
const PACKETS_PER_SECOND = 20_000;

export interface ProbeReport {
  readonly counts: ReadonlyMap<string, Count>;
  readonly floods: readonly FloodReport[];
  readonly dialled: { readonly allowed: DialReport; readonly denied: DialReport };
  readonly talk: TalkReport;
}

/** Traffic of every kind, without pause. */
export interface Probes extends Disposable {
  readonly allowed: readonly CountedKind[];
  readonly denied: readonly CountedKind[];
  stop(): Promise<ProbeReport>;
}

function kindsOf(lab: Lab): { readonly allowed: CountedKind[]; readonly denied: CountedKind[] } {
  interface Plan extends Pick<CountedKind, "name" | "port" | "protocol" | "portOf"> {
    readonly from: string;
    readonly to?: string;
    /** Whose address stands in the packet. */
    readonly claims?: string;
  }
  const kinds = (plans: readonly Plan[]): CountedKind[] =>
    plans.flatMap(({ name, from, to = "y/server", claims = from, ...rest }) =>
      FAMILIES.map((family) => ({
        ...rest,
        name: `${name}${family}`,
        interfaceName: placeOf(lab, from).interfaceName,
        source: placeAddress(placeOf(lab, claims), family),
        destination: placeAddress(placeOf(lab, to), family),
      })),
    );
  const [client, server, stranger] = ["x/client", "y/server", "z/stranger"] as const;
  return {
    allowed: kinds([
      { name: "new_udp", from: client, port: 80 },
      { name: "new_tcp", from: client, port: DIAL_PORT, protocol: "tcp" },
      { name: "open_tcp_there", from: client, port: TALK_PORT, protocol: "tcp" },
      { name: "open_tcp_back", from: server, to: client, port: TALK_PORT, protocol: "tcp", portOf: "source" },
    ]),
    denied: kinds([
      { name: "wrong_peer_udp", from: stranger, port: 80 },
      { name: "wrong_port_udp", from: stranger, port: 81 },
      { name: "forged_udp", from: stranger, claims: client, port: 80 },
      { name: "wrong_peer_tcp", from: stranger, port: DIAL_PORT, protocol: "tcp" },
      { name: "midstream_tcp", from: stranger, port: TALK_PORT, protocol: "tcp" },
      { name: "forged_midstream_tcp", from: stranger, claims: client, port: TALK_PORT, protocol: "tcp" },
    ]),
  };
}

/** Nobody answers UDP, so every packet is the first of its flow for as long as it is sent; TCP is answered. */
function serve(lab: Lab): DisposableStack {
  const stack = new DisposableStack();
  const server = placeOf(lab, "y/server");
  lab.node.network.run(() => writeFileSync("/proc/sys/net/netfilter/nf_conntrack_udp_timeout", "1"));
  for (const family of FAMILIES) {
    const hostname = placeAddress(server, family);
    const at = { address: addressBytes(hostname), port: 80 };
    stack.use(server.network.run(() => ProbeSocket.bindUdp(at)));
    const socket = { data: () => {}, error: () => {} };
    const listener = server.network.run(() => Bun.listen({ hostname, port: DIAL_PORT, socket }));
    stack.defer(() => listener.stop(true));
  }
  return stack;
}

/** Begins while rules are in force. */
export async function startProbes(lab: Lab): Promise<Probes> {
  using building = new DisposableStack();
  building.use(serve(lab));
  const { allowed, denied } = kindsOf(lab);
  installCounters(lab.node.network, [...allowed, ...denied]);
  const talk: SmallTalk = building.use(await startSmallTalk(lab));
  const isFlood = ({ name }: CountedKind): boolean => /^(new|wrong_\w+|forged)_udp/.test(name);
  const floods = [
    startFlood(placeOf(lab, "x/client"), allowed.filter(isFlood), PACKETS_PER_SECOND),
    startFlood(placeOf(lab, "z/stranger"), denied.filter(isFlood), PACKETS_PER_SECOND),
  ].map((flood) => building.use(flood));
  const midstream = denied.flatMap(({ name, source, destination, port }) =>
    name.includes("midstream")
      ? [{ source: source as Address, destination: destination as Address, port }]
      : [],
  );
  building.use(startMidstream(placeOf(lab, "z/stranger"), midstream));
  const dial = (from: string, kinds: readonly CountedKind[], answers: boolean) => {
    const targets = kinds.filter(({ port }) => port === DIAL_PORT).map((kind) => ({ ...kind, answers }));
    return building.use(startDialler(placeOf(lab, from), targets));
  };
  const allowedDialler = dial("x/client", allowed, true);
  const deniedDialler = dial("z/stranger", denied, false);
  const resources = building.move();
  return {
    allowed,
    denied,
    stop: async () => {
      const dialled = { allowed: await allowedDialler.stop(), denied: await deniedDialler.stop() };
      const flooded = [];
      for (const flood of floods) flooded.push(await flood.stop());
      const talked = await talk.stop();
      const counts = readCounters(lab.node.network, [...allowed, ...denied]);
      return { counts, floods: flooded, dialled, talk: talked };
    },
    [Symbol.dispose]: () => resources.dispose(),
  };
}
