import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { podInterfaceName } from "../../model/fingerprint.ts";
import { type CallOptions, CniNode } from "./cni/cni-node.ts";
import { ip } from "./other-cni/commands.ts";

const NAME = podInterfaceName("x", "c-a");

/** What ADD says of a container; and that it leaves nothing. */
async function refusal(node: CniNode, options: CallOptions): Promise<unknown> {
  const before = node.traces();
  const container = node.container("c-a");
  const { exitCode, output, complaint } = await node.call("ADD", container, options);
  expect({ exitCode, complaint }).toEqual({ exitCode: 1, complaint: "" });
  expect({ traces: node.traces(), interfaces: node.interfaces(container) }).toEqual({
    traces: before,
    interfaces: [],
  });
  return output;
}

test.each<[string, CallOptions, object]>([
  ["standard input that is empty", { stdin: "" }, { code: 6, msg: "standard input is empty" }],
  [
    "standard input that breaks off",
    { stdin: '{"name":' },
    { code: 6, details: "give the network's configuration there" },
  ],
  [
    "a version to come",
    { network: { cniVersion: "3.0.0" } },
    { code: 1, msg: 'cniVersion is "3.0.0", which is not spoken here' },
  ],
  ["no name", { network: { name: undefined } }, { code: 7, msg: "name is missing" }],
  ["no container", { environment: { CNI_CONTAINERID: "" } }, { code: 4, msg: "CNI_CONTAINERID is not set" }],
  ["no command", { environment: { CNI_COMMAND: undefined } }, { code: 4, msg: "CNI_COMMAND is not set" }],
  [
    "another IPAM",
    { network: { ipam: { type: "calico-ipam" } } },
    { code: 2, msg: 'ipam.type is "calico-ipam", which is not supported' },
  ],
  [
    "a network namespace that is not there",
    { environment: { CNI_NETNS: "/run/netns/no-such-namespace" } },
    {
      code: 4,
      msg: 'could not open the network namespace "/run/netns/no-such-namespace": there is nothing at this path (ENOENT); whoever made it has taken it away: the sandbox is gone, or the path is wrong',
    },
  ],
  [
    "a file that is no namespace",
    { environment: { CNI_NETNS: "/etc/passwd" } },
    {
      code: 4,
      msg: 'could not open the network namespace "/etc/passwd": what is there is no network namespace; give the path of one, for example /var/run/netns/NAME or /proc/PID/ns/net',
    },
  ],
  [
    "a namespace of another kind",
    { environment: { CNI_NETNS: "/proc/self/ns/uts" } },
    {
      code: 4,
      msg: 'could not open the network namespace "/proc/self/ns/uts": what is there is no network namespace; give the path of one, for example /var/run/netns/NAME or /proc/PID/ns/net',
    },
  ],
  [
    "the host's own namespace",
    { environment: { CNI_NETNS: "/proc/self/ns/net" } },
    { code: 4, msg: 'CNI_NETNS is "/proc/self/ns/net", which is the host\'s own network namespace' },
  ],
  [
    "no host-local",
    { environment: { CNI_PATH: "/nowhere" } },
    {
      code: 103,
      msg: `could not find the plugin host-local: none in /nowhere, ${dirname(process.execPath)}`,
    },
  ],
])("%s", async (_, options, told) => {
  using node = new CniNode();
  expect(await refusal(node, options)).toMatchObject(told);
});

test("a node without a range for its pods", async () => {
  using node = new CniNode({ podCidrs: [] });
  expect(await refusal(node, {})).toMatchObject({
    code: 101,
    msg: 'could not replace usePodCidr by the node\'s pod ranges: node "n-1" has no pod range',
  });
});

test("a range without a free address", async () => {
  using node = new CniNode({ podCidrs: ["10.1.0.0/30"] });
  expect((await node.call("ADD", node.container("c-1"))).exitCode).toBe(0);
  expect(await refusal(node, {})).toMatchObject({
    code: 100,
    msg: "could not lease addresses: host-local says: failed to allocate for range 0: no IP addresses available in range set: 10.1.0.1-10.1.0.2",
  });
});

test("a lease directory that is none", async () => {
  using node = new CniNode();
  mkdirSync(node.leases);
  writeFileSync(join(node.leases, "k8s-pod-network"), "");
  expect(await refusal(node, {})).toMatchObject({ code: 5 });
});

test("an agent that is not there: what was waited for, once the time is over", async () => {
  using node = new CniNode();
  node.agent.stop();
  expect(await refusal(node, { network: { policy_setup_timeout_seconds: 1 } })).toEqual({
    cniVersion: "1.1.0",
    code: 11,
    msg: `not ready within 1 s: no agent answers at ${node.paths.socket} (ENOENT)`,
    details: "the container runtime tries again; see the agent's log and its /readiness",
  });
});

test("an agent that does not get ready, after the link was made: its own words, and everything is undone", async () => {
  using node = new CniNode();
  node.answer = ({ kind }) => (kind === "add" ? { kind: "waiting", for: "the API server" } : undefined);
  expect(await refusal(node, { network: { policy_setup_timeout_seconds: 1 } })).toMatchObject({
    code: 11,
    msg: "not ready within 1 s: the API server",
  });
  expect(node.agent.requests.map(({ kind }) => kind)).toEqual(["node", "add", "delete"]);
});

test("a route that another interface has", async () => {
  using node = new CniNode();
  ip(node.host, "link add other type bridge", "link set other up", "route add 10.1.0.2/32 dev other");
  const output = (await refusal(node, {})) as { readonly code: number; readonly msg: string };
  expect(output.code).toBe(102);
  expect(output.msg).toContain("10.1.0.2");
});

test("an interface of this name that is no pod's", async () => {
  using node = new CniNode();
  ip(node.host, `link add ${NAME} type bridge`);
  expect(await refusal(node, {})).toMatchObject({
    code: 5,
    msg: `could not use the interface name "${NAME}": the host has an interface of this name that is no pod's (bridge); rename or delete it`,
  });
});

test("an interface of the container's own by that name", async () => {
  using node = new CniNode();
  const container = node.container("c-a");
  ip(container.network, "link add eth0 type bridge");
  expect((await node.call("ADD", container)).output).toMatchObject({ code: 4 });
  expect(node.traces()).toEqual([]);
  expect(node.interfaces(container)).toEqual(["eth0"]);
});

test("told to stop by SIGTERM while it waits, it undoes everything", async () => {
  using node = new CniNode();
  node.answer = ({ kind }) => (kind === "add" ? { kind: "waiting", for: "the API server" } : undefined);
  const container = node.container("c-a");
  const calling = node.call("ADD", container, {
    onStart: (child) => node.onRequest("add", () => child.kill("SIGTERM")),
  });
  expect((await calling).output).toMatchObject({
    code: 11,
    msg: "the plugin was told to stop before the agent was ready",
  });
  expect({ traces: node.traces(), interfaces: node.interfaces(container) }).toEqual({
    traces: [],
    interfaces: [],
  });
});

test("a file in the place of the run directory: DEL takes off what it can find all the same", async () => {
  using node = new CniNode();
  const container = node.container("c-a");
  expect((await node.call("ADD", container)).exitCode).toBe(0);
  const file = join(node.paths.directory, "no-directory");
  writeFileSync(file, "");
  const { exitCode, output, complaint } = await node.call("DEL", container, { network: { run_dir: file } });
  expect({ exitCode, output }).toEqual({ exitCode: 0, output: undefined });
  expect(complaint).toStartWith("tortie cni: warning: container c-a cannot be locked: ENOTDIR");
  expect(node.traces()).toEqual(["record c-a.json"]);
});

test("a record that cannot be read hurts nobody but itself, and DEL removes it", async () => {
  using node = new CniNode();
  mkdirSync(node.paths.endpoints, { recursive: true });
  for (const id of ["c-a", "c-z"]) writeFileSync(join(node.paths.endpoints, `${id}.json`), "{");
  chmodSync(join(node.paths.endpoints, "c-z.json"), 0);
  const container = node.container("c-a");
  expect((await node.call("ADD", container)).exitCode).toBe(0);
  writeFileSync(join(node.paths.endpoints, "c-a.json"), "{");
  const { exitCode, complaint } = await node.call("DEL", container);
  expect(exitCode).toBe(0);
  expect(complaint).toBe(`tortie cni: warning: ${join(node.paths.endpoints, "c-a.json")}: it is not JSON\n`);
  expect(node.traces()).toEqual(["record c-z.json"]);
});
