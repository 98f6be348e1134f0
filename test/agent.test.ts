import { expect, test } from "bun:test";
import { closeSync, constants, mkdirSync, openSync, readSync, rmSync } from "node:fs";
import { Sandbox, until } from "./agent/sandbox.ts";

const POD = (name: string, address: string): string => `
apiVersion: v1
kind: Pod
metadata: { namespace: x, name: ${name}, labels: { pod: ${name} } }
spec: { nodeName: node-1, containers: [] }
status: { phase: Running, podIP: ${address}, podIPs: [{ ip: ${address} }] }
---`;

const DENY_ALL = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { namespace: x, name: deny-all }
spec: { podSelector: {} }
`;

const PODS = POD("a", "10.0.0.1") + POD("b", "10.0.0.2");

function rules(sandbox: Sandbox): string {
  return sandbox.command("nft", "list", "table", "inet", "tortie");
}

function ruleset(sandbox: Sandbox): string {
  return sandbox.command("nft", "list", "ruleset");
}

/** Without counters, the table's flags, and the order of elements. */
function withoutNoise(listing: string): string {
  return listing
    .split("\n")
    .filter((line) => !/^\t(flags|# progname)|^table/.test(line))
    .map((line) =>
      line
        .replace(/packets \d+ bytes \d+/g, "")
        .split(/[\s,{}]+/)
        .toSorted()
        .join(" "),
    )
    .toSorted()
    .join("\n");
}

test("not ready before the datastore is in sync, with the reason; ready once the rules are in the kernel", async () => {
  using sandbox = new Sandbox();
  rmSync(sandbox.manifests, { recursive: true });
  const agent = sandbox.start();
  await until(async () => (await sandbox.get("/readiness"))?.body.includes(sandbox.manifests) === true);
  const before = await sandbox.get("/readiness");
  expect(before?.status).toBe(503);
  expect(before?.body).toStartWith("not ready: Datastore: waiting for ");
  expect(await sandbox.get("/liveness")).toMatchObject({ status: 200 });
  expect(await sandbox.get("/livez")).toMatchObject({ status: 200 });
  expect(rules(sandbox)).not.toContain("chain");

  mkdirSync(sandbox.manifests);
  await sandbox.write("pods.yaml", PODS);
  await sandbox.untilReady();
  expect((await sandbox.get("/readyz"))?.body).toContain(
    "| Dataplane | 1m30s   | reporting live | reporting ready |",
  );
  const json = await sandbox.get("/readiness", "application/json");
  expect(JSON.parse(json?.body ?? "")).toMatchObject({ live: true, ready: true });
  expect((await sandbox.get("/elsewhere"))?.status).toBe(404);
  expect(agent.messages()).toContain("in sync");
  expect(rules(sandbox)).toContain("hook forward");
});

test.each(["SIGTERM", "SIGINT"] as const)("%s: exit 0, and the rules stay", async (signal) => {
  using sandbox = new Sandbox();
  await sandbox.write("pods.yaml", PODS + DENY_ALL);
  const agent = sandbox.start();
  await sandbox.untilReady();
  const before = rules(sandbox);
  expect(await agent.end(signal)).toBe(0);
  expect(agent.messages().slice(-2)).toEqual(["stopping, the rules stay in force", "stopped"]);
  expect(agent.err()).toBe("");
  const chains = (text: string): string[] => text.match(/chain \S+/g) ?? [];
  expect(chains(before)).not.toEqual([]);
  expect(chains(rules(sandbox))).toEqual(chains(before));
});

test("a second agent on the node refuses to start and says why; the first goes on", async () => {
  using sandbox = new Sandbox();
  const first = sandbox.start();
  await sandbox.untilReady();
  const second = sandbox.start(["agent"], { FELIX_HEALTHPORT: "9098" });
  expect(await second.ended()).toBe(1);
  expect(second.err()).toContain("another living process owns the table");
  expect(second.out()).toContain('"level":"fatal"');
  expect((await sandbox.get("/readiness"))?.status).toBe(200);
  expect(await first.end("SIGTERM")).toBe(0);
});

test("a file that cannot be read is named in readiness until it is mended, and hurts nothing else", async () => {
  using sandbox = new Sandbox();
  await sandbox.write("pods.yaml", PODS);
  await sandbox.write("bad.yaml", "kind: [unclosed\n");
  const agent = sandbox.start();
  await sandbox.untilReady();
  expect((await sandbox.get("/readiness"))?.body).toMatch(/Objects .*\| 1 problem:\s*\|\n.*bad\.yaml/);
  expect((await sandbox.get("/readiness"))?.body).toContain("2 endpoints of this node");
  await sandbox.write("bad.yaml", "# nothing\n");
  await until(async () => (await sandbox.get("/readiness"))?.body.includes("bad.yaml") === false);
  await until(() => agent.messages().includes("problem mended"));
  expect(agent.messages().filter((message) => message === "problem")).toHaveLength(1);
});

test("a change reaches the kernel, and the log says how long it took", async () => {
  using sandbox = new Sandbox();
  const agent = sandbox.start();
  await sandbox.untilReady();
  await sandbox.write("pods.yaml", PODS);
  await until(() => rules(sandbox).includes("10.0.0.2"));
  await until(() => agent.out().includes('"endpoints":2'));
  expect(agent.out()).toContain('"noticedToKernelMilliseconds":');
});

test("a health port in use: exit 1 with what to do", async () => {
  using sandbox = new Sandbox();
  const socket = { data: () => {} };
  using _taken = sandbox.namespace.run(() => Bun.listen({ hostname: "127.0.0.1", port: 9099, socket }));
  const agent = sandbox.start();
  expect(await agent.ended()).toBe(1);
  expect(agent.err()).toContain("cannot serve health on 127.0.0.1 port 9099: the address is in use");
});

test("health can be switched off", async () => {
  using sandbox = new Sandbox();
  const agent = sandbox.start(["agent"], { FELIX_HEALTHENABLED: "no" });
  await until(() => agent.messages().includes("settled"));
  expect(await sandbox.get("/liveness")).toBeUndefined();
});

test("a log that nobody reads stops nothing; what was kept is read later", async () => {
  using sandbox = new Sandbox();
  const pipe = sandbox.path("log");
  sandbox.command("mkfifo", pipe);
  const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  const agent = sandbox.startIntoPipe(pipe);
  await sandbox.untilReady();
  // Each is a problem of its own and a line: together several times what a pipe holds, and what the queue holds.
  const broken = Array.from({ length: 400 }, (_, at) => `kind: Broken${at}\napiVersion: v1\n---\n`).join("");
  for (let round = 0; round < 10; round++) {
    await sandbox.write("broken.yaml", broken.replaceAll("Broken", `Round${round}Broken`));
    await until(
      async () => (await sandbox.get("/readiness"))?.body.includes(`Round${round}Broken0`) === true,
    );
  }
  await sandbox.write("pods.yaml", PODS);
  await until(() => rules(sandbox).includes("10.0.0.2"));

  const buffer = Buffer.alloc(65_536);
  let text = "";
  await until(() => {
    try {
      text += buffer.toString("utf8", 0, readSync(reader, buffer));
    } catch {
      // Nothing there at this moment.
    }
    return text.includes('"lost":');
  });
  closeSync(reader);
  const whole = text.slice(0, text.lastIndexOf("\n")).split("\n");
  for (const line of whole) expect(JSON.parse(line)).toHaveProperty("message");
  agent.kill("SIGTERM");
  expect(await agent.exited).toBe(0);
});

test("an agent whose log is never read still stops on SIGTERM", async () => {
  using sandbox = new Sandbox();
  const pipe = sandbox.path("log");
  sandbox.command("mkfifo", pipe);
  const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  const agent = sandbox.startIntoPipe(pipe);
  await sandbox.untilReady();
  const broken = Array.from({ length: 400 }, (_, at) => `kind: Broken${at}\napiVersion: v1\n---\n`).join("");
  await sandbox.write("broken.yaml", broken);
  await until(async () => (await sandbox.get("/readiness"))?.body.includes("400 problems") === true);
  agent.kill("SIGTERM");
  expect(await agent.exited).toBe(0);
  closeSync(reader);
});

test("stopping while the datastore waits: exit 0", async () => {
  using sandbox = new Sandbox();
  rmSync(sandbox.manifests, { recursive: true });
  const agent = sandbox.start();
  await until(() => agent.messages().includes("datastore waits"));
  expect(await agent.end("SIGTERM")).toBe(0);
});

test("killed and started again it takes its table over", async () => {
  using sandbox = new Sandbox();
  await sandbox.write("pods.yaml", PODS + DENY_ALL);
  const first = sandbox.start();
  await sandbox.untilReady();
  await first.end("SIGKILL");
  expect(rules(sandbox)).toContain("hook forward");
  const second = sandbox.start();
  await until(() => second.messages().includes("settled"));
  expect((await sandbox.get("/readiness"))?.status).toBe(200);
});

test("a table that is not owned is built anew when somebody else changes it, and only then", async () => {
  using sandbox = new Sandbox();
  await sandbox.write("pods.yaml", PODS + DENY_ALL);
  const agent = sandbox.start(["agent"], { FELIX_NFTWRITER: "libnftables" });
  await sandbox.untilReady();
  expect((await sandbox.get("/readiness"))?.body).toContain("the table is not owned");
  await sandbox.write("more.yaml", POD("c", "10.0.0.3"));
  await until(() => rules(sandbox).includes("10.0.0.3"));
  const foreign = (): number =>
    agent.messages().filter((message) => message.startsWith("somebody else")).length;
  expect(foreign()).toBe(0);

  sandbox.command("nft", "flush", "table", "inet", "tortie");
  await until(() => foreign() === 1 && rules(sandbox).includes("ct state"));
  await sandbox.untilReady();

  sandbox.command("nft", "delete", "table", "inet", "tortie");
  await until(() => ruleset(sandbox).includes("hook forward") && rules(sandbox).includes("10.0.0.3"));
  await until(() => foreign() === 2);
  await sandbox.untilReady();
  expect((await sandbox.get("/readiness"))?.body).toContain("the libnftables writer cannot own a table");
});

test.each(["netlink", "libnftables"])(
  "%s: rules that were flushed while no agent lived come back at the start",
  async (writer) => {
    using sandbox = new Sandbox();
    await sandbox.write("pods.yaml", PODS + DENY_ALL);
    const first = sandbox.start(["agent"], { FELIX_NFTWRITER: writer });
    await sandbox.untilReady();
    const before = withoutNoise(rules(sandbox));
    await first.end("SIGKILL");
    expect(withoutNoise(rules(sandbox))).toBe(before);

    sandbox.command("nft", "flush", "ruleset");
    expect(ruleset(sandbox)).not.toContain("tortie");
    sandbox.start(["agent"], { FELIX_NFTWRITER: writer });
    await until(() => ruleset(sandbox).includes("hook forward"));
    await sandbox.untilReady();
    expect(withoutNoise(rules(sandbox))).toBe(before);
  },
);

test("names that mean nothing are told once", async () => {
  using sandbox = new Sandbox();
  const agent = sandbox.start(["agent"], { FELIX_HEALTHPROT: "1", Felix_IpInIpMtu: "1440" });
  await until(() => agent.messages().includes("settled"));
  expect(agent.out()).toContain("FELIX_HEALTHPROT (did you mean FELIX_HEALTHPORT?)");
  expect(agent.out()).toContain("Felix_IpInIpMtu (known to Felix, without effect here)");
});

test("explain answers from the directory of the agent, with the agent's exit codes", async () => {
  using sandbox = new Sandbox();
  await sandbox.write("pods.yaml", PODS + DENY_ALL);
  const ask = async (to: string): Promise<number> =>
    sandbox.start(["explain", "--from", "10.0.0.1", "--to", to, "--port", "80"]).ended();
  expect(await ask("x/b")).toBe(2);
  expect(await ask("192.0.2.1")).toBe(0);
  expect(await ask("x/nobody")).toBe(1);
});
