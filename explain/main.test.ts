import { expect, test } from "bun:test";
import type { Datastore, DatastoreEvent } from "../adapters/datastore.ts";
import type { Pools } from "../agent/host/pools-of.ts";
import type { Address } from "../model/address.ts";
import type { Cidr } from "../model/cidr.ts";
import { type Endpoint, endpointId, type NamedPort } from "../model/endpoint.ts";
import { policyId } from "../model/policy.ts";
import { TCP } from "../model/protocol.ts";
import type { Update } from "../model/update.ts";
import { explainIn } from "./main.ts";

function pod(name: string, address: string, ports: readonly NamedPort[] = []): Update {
  const value: Endpoint = {
    id: endpointId("x", name),
    namespace: "x",
    uidOrder: 0,
    labels: { pod: name },
    addresses: [address as Address],
    ports,
    attachment: undefined,
    finished: false,
    deleting: false,
    startedAt: 0,
  };
  return { kind: "endpoint", id: value.id, value };
}

/** Pod b accepts TCP 80 from pod a, and nothing else. */
const POLICY: Update = {
  kind: "policy",
  id: policyId("NetworkPolicy", "x", "web"),
  value: {
    id: policyId("NetworkPolicy", "x", "web"),
    title: "x/web",
    tier: "default",
    order: 1000,
    subjects: {
      namespaces: { kind: "named", name: "x" },
      endpoints: { kind: "in", key: "pod", values: ["b"] },
    },
    directions: ["ingress"],
    ingress: [
      {
        action: "allow",
        peers: [
          {
            kind: "endpoints",
            selector: {
              namespaces: { kind: "named", name: "x" },
              endpoints: { kind: "in", key: "pod", values: ["a"] },
            },
          },
        ],
        ports: [{ kind: "range", protocol: TCP, first: 80, last: 80 }],
        source: "ingress[0]",
      },
    ],
    egress: [],
  },
};

const UPDATES: readonly Update[] = [
  { kind: "namespace", name: "x", value: { name: "x", labels: {} } },
  pod("a", "10.0.0.1"),
  pod("b", "10.0.0.2", [
    { name: "web", protocol: TCP, port: 80 },
    { name: "twice", protocol: TCP, port: 1 },
    { name: "twice", protocol: TCP, port: 2 },
  ]),
  POLICY,
];

const PROBLEM = {
  where: "bad.yaml",
  path: "",
  value: "",
  message: "not YAML",
  consequence: "it is not read",
};

function holding(...events: readonly DatastoreEvent[]): Datastore {
  return {
    async *watch(stopping) {
      yield* events;
      const { promise, resolve } = Promise.withResolvers<void>();
      if (stopping.aborted) return;
      stopping.addEventListener("abort", () => resolve());
      await promise;
    },
  };
}

const EVERYTHING: readonly DatastoreEvent[] = [
  { kind: "updates", updates: UPDATES, noticedAt: 0 },
  { kind: "inSync" },
];

const WORLD = holding({ kind: "problems", problems: [PROBLEM] }, ...EVERYTHING);

async function ask(
  words: string,
  datastore: Datastore = WORLD,
  pools: Pools = { pools: new Map(), conditions: [] },
): Promise<{ code: number; out: string; warned: string }> {
  let [out, warned] = ["", ""];
  const code = await explainIn(words.split(" "), {
    environment: {},
    open: () => datastore,
    pools: () => pools,
    out: (text) => (out += text),
    warn: (text) => (warned += text),
  });
  return { code, out, warned };
}

test("allowed: exit 0, with the policy and rule that decided", async () => {
  const { code, out } = await ask("--from x/a --to x/b --port 80");
  expect(code).toBe(0);
  expect(out).toStartWith("x/a to x/b, TCP port 80\n");
  expect(out).toContain("decided by: x/web, rule ingress[0]\n");
  expect(out).toEndWith("\nAllowed: by x/web ingress[0].\n");
});

test("where the world sees the node's address, that is told, and what is to be said of pools", async () => {
  const cidr = "10.0.0.0/16" as Cidr;
  const pools: Pools = {
    pools: new Map([[cidr, { cidr, natOutgoing: true }]]),
    conditions: [{ kind: "notice", text: "the pool stands there twice" }],
  };
  const { code, out, warned } = await ask("--from x/a --to 192.0.2.1 --port 80", undefined, pools);
  expect(code).toBe(0);
  expect(out).toContain(
    "  leaving   allow 192.0.2.1 is in no pool: it sees the address of the node, not 10.0.0.1\n",
  );
  expect(warned).toContain("notice: the pool stands there twice\n");
  for (const words of ["--from x/a --to x/b --port 80", "--from x/a --to node --port 80"])
    expect((await ask(words, undefined, pools)).out).not.toContain("leaving");
});

test("denied: exit 2, with who isolates", async () => {
  const { code, out } = await ask("--from 10.9.9.9 --to x/b --port 80");
  expect(code).toBe(2);
  expect(out).toContain("isolated by: x/web\n");
  expect(out).toContain("\nDenied at ingress: x/b is isolated by x/web");
});

test.each([
  ["--from x/a --to x/b --port web", 0],
  ["--from x/a --to 10.0.0.2 --port web", 0],
  ["--from node --to x/b --port 81", 0],
  ["--from x/a --to node --port 81", 0],
  ["--from x/b --to x/a --port 81 --protocol udp", 0],
  ["--from x/a --to x/b --protocol ICMP", 2],
  ["--from x/a --to x/b --port=80 --protocol=6 --family=4", 0],
])("%s: exit %d", async (words, code) => {
  expect(await ask(words)).toMatchObject({ code });
});

test.each(["-o json", "-ojson", "-o=json", "--output=json"])("%s gives one JSON object", async (option) => {
  const { code, out } = await ask(`--from x/a --to x/b --port 81 ${option}`);
  expect(code).toBe(2);
  expect(JSON.parse(out)).toMatchObject({
    verdict: "denied",
    flow: { from: "x/a", to: "x/b", protocol: "TCP", port: 81 },
    steps: [{ at: "gate" }, { at: "egress" }, { at: "ingress", verdict: "deny", policies: ["x/web"] }],
    problems: [PROBLEM],
  });
});

test("problems of the datastore are told beside the answer", async () => {
  const { out, warned } = await ask("--from x/a --to x/b --port 80");
  expect(warned).toBe("warning: bad.yaml: not YAML; it is not read\n");
  expect(out).not.toContain("bad.yaml");
});

test.each([
  ["--from x/a --to x/b", "--port is missing: TCP has ports"],
  ["--from x/a --to x/b --port 0", "--port 0: it is a number from 1 to 65535"],
  ["--from x/a --to x/b --port 65536", "--port 65536: it is a number from 1 to 65535"],
  ["--from x/a --to x/b --port 80 --protocol ICMP", "ICMP has no ports"],
  ["--from x/a --to x/b --port 80 --protocol tpc", "--protocol tpc: it is TCP, UDP"],
  ["--from x/a --to x/b --port 80 -o yaml", "-o yaml: it is text or json"],
  ["--from x/a --to x/b --port 80 --family 5", "Allowed choices are 4, 6"],
  ["--from x/a --to x/b --port 80 --form x", "unknown option '--form'"],
  ["--from x/a --port 80", "--to is missing: it is NAMESPACE/POD, an IP address, or `node`"],
  ["--form x/a --to x/b --port 80", "unknown option '--form'"],
  ["--from x/a --to x/b --port 80 more", "too many arguments"],
  ["--from x/aa --to x/b --port 80", "--from x/aa: there is no such pod"],
  ["--from x/aa --to x/b --port 80", "did you mean x/a?"],
  ["--from y/a --to x/b --port 80", "did you mean x/a"],
  [
    "--from a --to x/b --port 80",
    "--from a: it is NAMESPACE/POD, one IP address, or `node`; did you mean x/a?",
  ],
  ["--from 10.0.0.0/8 --to x/b --port 80", "--from 10.0.0.0/8: it is NAMESPACE/POD, one IP address"],
  ["--from x/a --to x/b --port wbe", "no such TCP port; named are: web (80), twice (1), twice (2)"],
  ["--from x/a --to x/b --port twice", "x/b has it at 1 and 2; give the number"],
  ["--from x/a --to 10.9.9.9 --port web", "10.9.9.9 is no pod, so its ports have no names"],
])("%s: exit 1, %s", async (words, text) => {
  const { code, out, warned } = await ask(words);
  expect(code).toBe(1);
  expect(out).toBe("");
  expect(warned).toContain(text);
});

test.each(["-h", "--help"])("%s: exit 0", async (words) => {
  const { code, out, warned } = await ask(words);
  expect({ code, warned }).toEqual({ code: 0, warned: "" });
  expect(out).toContain("--from <party>");
});

test("a datastore that ends before it was read whole: exit 1, with what it waits for", async () => {
  const waiting: Datastore = {
    async *watch() {
      yield { kind: "status", status: { kind: "waiting", for: "/nowhere", next: "create it" } };
    },
  };
  const { code, warned } = await ask("--from x/a --to x/b --port 80", waiting);
  expect(code).toBe(1);
  expect(warned).toBe(
    "tortie explain: the datastore could not be read: waiting for /nowhere; next: create it\n",
  );
});

test("notices are told, what is amiss with the agent's own node is not", async () => {
  const notice = { kind: "notice", text: "the server's certificate is not checked" } as const;
  const failure = { kind: "failure", text: "no such node" } as const;
  const event: DatastoreEvent = { kind: "conditions", conditions: [notice, failure] };
  const { code, warned } = await ask("--from x/a --to x/b --port 80", holding(event, ...EVERYTHING));
  expect(code).toBe(0);
  expect(warned).toBe("notice: the server's certificate is not checked\n");
});
