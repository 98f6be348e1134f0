import { chmodSync } from "node:fs";
import { expect, test } from "bun:test";
import { placeAddress } from "../../demo/lab/place.ts";
import { removeRecord } from "../../handshake/record-files.ts";
import { addressBytes } from "../../model/address.ts";
import { ProbeSocket } from "../../native/probe-socket.ts";
import { until } from "../agent/running-agent.ts";
import { placeOf } from "./place-of.ts";
import { PluggedNode } from "./plugged/plugged-node.ts";

const PODS = ["a", "b"].map((name) => ({ name, uid: `uid-${name}` }));
const OPEN = [true, true];
const SHUT = [false, false];

test("a pod speaks and hears from the answer on, not a packet before, in both families", async () => {
  await using node = new PluggedNode(PODS);
  await node.startReady();
  expect(await node.add(node.record("b"))).toBe("programmed");
  expect(await node.reaches("a", "b")).toEqual(SHUT);
  expect(await node.add(node.record("a"))).toBe("programmed");
  expect(await node.reaches("a", "b")).toEqual(OPEN);
  expect((await node.readiness())?.body).toContain("2 containers wired");
});

test("of a stream that begins before the pod is added nothing passes before the request", async () => {
  await using node = new PluggedNode(PODS);
  await node.startReady();
  await node.add(node.record("b"));
  const [from, to] = ["a", "b"].map((pod) => placeOf(node.lab, `x/${pod}`));
  if (from === undefined || to === undefined) throw new Error("no pods");
  const destination = { address: addressBytes(placeAddress(to, 4)), port: 80 };
  using ears = to.network.run(() => ProbeSocket.bindUdp(destination));
  using mouth = from.network.run(() =>
    ProbeSocket.bindUdp({ address: addressBytes(placeAddress(from, 4)), port: 4_000 }),
  );
  const heard: number[] = [];
  let sent = 0;
  const say = (): void => {
    mouth.send(Buffer.from(String(sent++)), destination);
    const packet = ears.receive();
    if (packet !== undefined) heard.push(Number(Buffer.from(packet.bytes).toString()));
  };
  for (let times = 0; times < 200; times++) say();
  const before = sent;
  const adding = node.add(node.record("a"));
  while (heard.length === 0) {
    say();
    await Bun.sleep(1);
  }
  expect(await adding).toBe("programmed");
  expect(heard[0]).toBeGreaterThanOrEqual(before);
});

test("the first packet meets policy", async () => {
  await using node = new PluggedNode([...PODS, { name: "c", uid: "uid-c" }]);
  node.letIn("b", "a");
  await node.startReady();
  for (const pod of ["a", "b", "c"]) expect(await node.add(node.record(pod))).toBe("programmed");
  expect(await node.reaches("c", "b")).toEqual(SHUT);
  expect(await node.reaches("a", "b")).toEqual(OPEN);
});

test("killed and started anew, the agent knows its pods by their records", async () => {
  await using node = new PluggedNode(PODS);
  const first = await node.startReady();
  for (const pod of ["a", "b"]) await node.add(node.record(pod));
  await first.end("SIGKILL");
  expect(await node.reaches("a", "b")).toEqual(OPEN);
  await node.startReady();
  expect(await node.reaches("a", "b")).toEqual(OPEN);
  expect(await node.ask("check", "c-a")).toBe("programmed");
});

test("a request that comes before the agent does is answered once its rules are in the kernel", async () => {
  await using node = new PluggedNode(PODS);
  const adding = ["a", "b"].map((pod) => node.add(node.record(pod)));
  node.start();
  expect(await Promise.all(adding)).toEqual(["programmed", "programmed"]);
  expect(await node.reaches("a", "b")).toEqual(OPEN);
});

test("deleted, a pod is shut at once, and knows nothing of it when asked again", async () => {
  await using node = new PluggedNode(PODS);
  await node.startReady();
  for (const pod of ["a", "b"]) await node.add(node.record(pod));
  expect(await node.ask("delete", "c-a")).toBe("deleted");
  expect(await node.reaches("a", "b")).toEqual(SHUT);
  expect(await node.ask("check", "c-a")).toBe("refused: the agent does not know container c-a");
  expect(await node.ask("delete", "c-a")).toBe("deleted");
});

test("of two containers of a pod the later counts, and the late end of the earlier changes nothing", async () => {
  await using node = new PluggedNode(PODS);
  await node.startReady();
  await node.add(node.record("b"));
  const place = placeOf(node.lab, "x/a");
  await node.add(node.record("a", { containerId: "early", addresses: [], createdAt: 0 }));
  const early = node.record("a", {
    containerId: "early",
    addresses: place.addresses.slice(0, 1),
    createdAt: 1,
  });
  expect(await node.add(early)).toBe("programmed");
  expect(await node.reaches("a", "b")).toEqual([true, false]);
  expect(await node.add(node.record("a", { createdAt: 2 }))).toBe("programmed");
  expect(await node.reaches("a", "b")).toEqual(OPEN);
  expect(await node.ask("delete", "early")).toBe("deleted");
  expect(await node.reaches("a", "b")).toEqual(OPEN);
});

test("a pod of another UID waits, shut, until the datastore tells of it", async () => {
  await using node = new PluggedNode(PODS);
  await node.startReady();
  for (const pod of ["a", "b"]) await node.add(node.record(pod));
  const waits: string[] = [];
  const adding = node.add(node.record("a", { containerId: "anew", uid: "uid-anew" }), (what) =>
    waits.push(what),
  );
  await until(() => waits.length === 1);
  expect(waits[0]).toContain("the agent knows one of this name with UID uid-a");
  expect(await node.reaches("a", "b")).toEqual(SHUT);
  expect((await node.readiness())?.body).toContain("1 pod waits:");
  node.announce({ name: "a", uid: "uid-anew" });
  expect(await adding).toBe("programmed");
  expect(await node.reaches("a", "b")).toEqual(OPEN);
});

test("a container that went while nobody listened is forgotten when its record is", async () => {
  await using node = new PluggedNode(PODS);
  const first = await node.startReady();
  for (const pod of ["a", "b"]) await node.add(node.record(pod));
  await first.end("SIGTERM");
  removeRecord(node.paths, "c-a");
  await node.startReady();
  expect(await node.reaches("a", "b")).toEqual(SHUT);
});

/** Connects as the user, says something and hangs up or is hung up on; gives what it heard, or what the system said. */
function call(user: number, socket: string, text: string): Promise<string> {
  const code = `
    let [user, unix, text] = process.argv.slice(1);
    process.seteuid(Number(user));
    let heard = "";
    const say = (socket) => { text = text.slice(Math.max(0, socket.write(text))); };
    await Bun.connect({ unix, socket: {
      open: say, drain: say,
      data: (_, bytes) => { heard += bytes; if (heard.endsWith("\\n")) end(); },
      close: () => end(), error: () => end(),
    }}).catch((error) => { heard = error.code; end(); });
    function end() { process.stdout.write(heard.trim() || "hung up"); process.exit(0); }
  `;
  const child = Bun.spawn([process.execPath, "--eval", code, String(user), socket, text], { stderr: "pipe" });
  return new Response(child.stdout).text().then((heard) => heard.trim());
}

const NOBODY = 65_534;
const FLOOD = "x".repeat(2_000_000);
const STATE = '{"version":1,"kind":"state"}\n';

test("nobody but root is answered, even where the socket's own rights are taken away", async () => {
  await using node = new PluggedNode(PODS);
  const agent = await node.startReady();
  const { socket, directory } = node.paths;
  expect(await call(0, socket, STATE)).toContain('"kind":"state"');
  expect(await call(NOBODY, socket, STATE)).not.toContain("state");
  for (const path of [node.path("."), directory]) chmodSync(path, 0o755);
  chmodSync(socket, 0o666);
  expect(["hung up", "ECONNRESET"]).toContain(await call(NOBODY, socket, STATE));
  expect(agent.out()).toContain(`"user":${NOBODY}`);
});

test("garbage, silence and floods on the socket hold up no pod", async () => {
  await using node = new PluggedNode(PODS);
  await node.startReady();
  const { socket } = node.paths;
  const slow = await Bun.connect({ unix: socket, socket: { data() {} } });
  slow.write('{"version":1,"ki');
  const misunderstood = '{"kind":"misunderstood","understood":[1]}';
  expect(await call(0, socket, "garbage\n")).toBe(misunderstood);
  expect(await call(0, socket, '{"version":9,"kind":"state"}\n')).toBe(misunderstood);
  const flood = await Bun.connect({
    unix: socket,
    socket: { data() {}, drain: (end) => void end.write(FLOOD) },
  });
  flood.write(FLOOD);
  for (const pod of ["a", "b"]) expect(await node.add(node.record(pod))).toBe("programmed");
  expect(await node.reaches("a", "b")).toEqual(OPEN);
  for (const one of [slow, flood]) one.end();
});
