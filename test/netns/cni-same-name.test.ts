import { expect, test } from "bun:test";
import { readRecord } from "../../handshake/record-files.ts";
import { type Address, addressBytes } from "../../model/address.ts";
import { podInterfaceName } from "../../model/fingerprint.ts";
import { ProbeSocket } from "../../native/probe-socket.ts";
import { askHealth, until } from "../agent/running-agent.ts";
import { AgentNode, connections, PORT, reaches, type Wired } from "./cni/agent-node.ts";
import { ip } from "./other-cni/commands.ts";

const NAME = podInterfaceName("x", "a");
const OWN = "fd00:1::77" as Address;

/** How many of so many datagrams from one pod get to another's IPv6 address. */
async function heard(from: Wired, to: Wired, datagrams: number): Promise<number> {
  const target = { address: addressBytes(to.addresses.at(-1) ?? OWN), port: PORT };
  using ears = to.network.run(() => ProbeSocket.bindUdp(target));
  using mouth = from.network.run(() => ProbeSocket.bindUdp({ address: addressBytes(OWN), port: 4_000 }));
  let count = 0;
  for (let at = 0; at < datagrams; at++) {
    mouth.send(new Uint8Array(4), target);
    await Bun.sleep(1);
    while (ears.receive() !== undefined) count++;
  }
  return count;
}

test("made anew under its name and address, a pod that may not speak sends nothing by the rules of the former one", async () => {
  await using world = new AgentNode();
  const { node } = world;
  const agent = world.start();
  await until(async () => (await askHealth(node.host, "/readiness"))?.status === 200);
  const [b, c] = [await world.add("b"), await world.add("c")];
  // One address only, so that the next pod gets the same; and nothing to ask the agent before.
  const range = { subnet: "fd00:1::/64", rangeStart: OWN, rangeEnd: OWN };
  const ipam = { type: "host-local", ranges: [[range]], dataDir: node.leases };
  const options = { network: { mtu: 1450, ipam } };
  const former = await world.wire(node.container("a"), options);
  expect(await heard(former, b, 5)).toBeGreaterThan(0);

  agent.process.kill("SIGSTOP");
  expect((await node.call("DEL", former, options)).exitCode).toBe(0);
  world.announce("a", { uid: "uid-anew", label: "another" });
  const container = node.container("anew", "a");
  const adding = world.wire(container, options);
  const young: Wired = { ...container, addresses: [OWN] };
  const isReady = (): boolean => {
    const stored = readRecord(node.paths, "anew");
    return stored.kind === "record" && stored.record.addresses.length > 0;
  };
  await until(isReady);
  expect(await heard(young, b, 200)).toBe(0);
  // The rules of the former pod are there still: nothing but the host's end, which is down, holds it back.
  ip(node.host, `link set ${NAME} up`, `route add ${OWN} dev ${NAME} proto 116`);
  await until(async () => (await heard(young, b, 5)) > 0);
  ip(node.host, `link set ${NAME} down`);

  agent.process.kill("SIGCONT");
  expect((await adding).addresses).toEqual(young.addresses);
  expect(await heard(young, b, 50)).toBe(0);
  expect(await heard(young, c, 5)).toBeGreaterThan(0);
}, 30_000);

test("made anew under its name, a pod leaves no connections to whoever gets the address of its former sandbox", async () => {
  await using world = new AgentNode();
  world.start();
  const [former, c] = [await world.add("a"), await world.add("c")];
  expect(reaches(former, c)).toEqual([true, true]);
  expect(connections(world.node, former)).toBeGreaterThan(0);
  world.announce("a", { uid: "uid-anew" });
  await world.wire(world.node.container("anew", "a"));
  expect(connections(world.node, former)).toBe(0);
});
