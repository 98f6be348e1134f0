import { expect, test } from "bun:test";
import { createLab, type PodPlace } from "../../demo/lab/lab.ts";
import { packetBytes } from "../../demo/lab/packet.ts";
import { placeAddress } from "../../demo/lab/place.ts";
import { addressBytes, type Family } from "../../model/address.ts";
import { UDP } from "../../model/protocol.ts";
import { pollSockets, ProbeSocket } from "../../native/probe-socket.ts";
import { AgentLife } from "./gap/agent-life.ts";
import { placeOf } from "./place-of.ts";
import { manifestDirectory, PODS } from "./gap/manifests.ts";

const CLIENT_PORT = 4321;
const SERVER_PORT = 80;
const WAIT_MILLISECONDS = 5_000;

function socketAt(pod: PodPlace, family: Family, port: number): ProbeSocket {
  const address = addressBytes(placeAddress(pod, family));
  return pod.network.run(() => ProbeSocket.bindUdp({ address, port }));
}

/** The next thing that the socket hears, as text. */
function hear(socket: ProbeSocket): string {
  expect(pollSockets([{ socket, until: "readable" }], WAIT_MILLISECONDS)).toHaveLength(1);
  return Buffer.from(socket.receive()?.bytes ?? []).toString();
}

test.each([4, 6] as const)(
  "a forged source cannot ride on an established flow over IPv%d, and its owner can",
  async (family) => {
    using lab = createLab({ pods: PODS });
    using manifests = manifestDirectory(lab);
    const agent = new AgentLife(lab.node.network, manifests.path);
    await agent.settled(1);
    const [client, server, stranger] = ["x/client", "y/server", "z/stranger"].map((key) => placeOf(lab, key));
    if (client === undefined || server === undefined || stranger === undefined) throw new Error("no pods");
    using ours = socketAt(client, family, CLIENT_PORT);
    using theirs = socketAt(server, family, SERVER_PORT);
    const to = { address: addressBytes(placeAddress(server, family)), port: SERVER_PORT };
    const back = { address: addressBytes(placeAddress(client, family)), port: CLIENT_PORT };
    ours.send(Buffer.from("question"), to);
    expect(hear(theirs)).toBe("question");
    theirs.send(Buffer.from("answer"), back);
    expect(hear(ours)).toBe("answer");
    // Established both ways: the kernel asks no policy any more. Whose packet is heard next tells whether the gate does.
    using forger = stranger.network.run(() => ProbeSocket.sendRaw(family));
    const forged = packetBytes({
      source: placeAddress(client, family),
      destination: placeAddress(server, family),
      protocol: UDP,
      sourcePort: CLIENT_PORT,
      port: SERVER_PORT,
      token: Buffer.from("evil"),
    });
    for (let times = 0; times < 100; times++) expect(forger.send(forged, { ...to, port: 0 })).toBe(true);
    ours.send(Buffer.from("still me"), to);
    expect(hear(theirs)).toBe("still me");
    await agent.kill();
    expect(forger.send(forged, { ...to, port: 0 })).toBe(true);
    ours.send(Buffer.from("and after the agent"), to);
    expect(hear(theirs)).toBe("and after the agent");
  },
);
