import { expect, test } from "bun:test";
import type { ApiRequest, KubernetesClient } from "../adapters/kubernetes/connection/client.ts";
import { ConnectionError } from "../adapters/kubernetes/connection/connection-error.ts";
import type { KernelFacts } from "./facts/kernel-facts.ts";
import type { Finding } from "./finding.ts";
import { known } from "./known.ts";
import { preflightIn, type PreflightSurroundings } from "./main.ts";

const KERNEL: KernelFacts = {
  abilities: known({ noTables: undefined, ownedTables: true, lacking: [] }),
  traces: known([]),
  kubeIpvs0: known(false),
  calico: known([]),
  network: known({ routes: [], links: new Map() }),
  livingAgent: known(false),
  way: () => known({ link: undefined, gateway: false }),
  host: (bridges) =>
    known({
      kubeIpvs0: false,
      traces: [],
      bridgeCalls: { ipv4: "on", ipv6: "on" },
      ipv6: true,
      bridges,
      outwardPorts: [],
    }),
};

function client(respond: (request: ApiRequest) => Promise<Response> | Response): KubernetesClient {
  return {
    server: "https://10.0.0.1:6443",
    notices: [],
    request: async (request) => respond(request),
    [Symbol.dispose]: () => {},
  };
}

const NODES = { items: [{ metadata: { name: "node-1" }, spec: { podCIDRs: ["10.244.0.0/24"] } }] };

/** One node in two pages, no pods, and no right to watch policies. */
function answer({ path, query, body }: ApiRequest): Response {
  const headers = { date: new Date().toUTCString() };
  if (path === "/api/v1/nodes") {
    if (query?.["continue"] === "2") return Response.json(NODES, { headers });
    return Response.json({ metadata: { continue: "2" }, items: [] }, { headers });
  }
  if (path === "/api/v1/pods") return Response.json({ items: null }, { headers });
  const lacks = body?.includes('"watch"') === true && body.includes("networkpolicies");
  return Response.json({ status: { allowed: !lacks } }, { headers });
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function preflight(words: string, changes: Partial<PreflightSurroundings> = {}): Promise<Ran> {
  let [out, err] = ["", ""];
  const code = await preflightIn(
    words.split(" ").filter((word) => word !== ""),
    {
      environment: { DATASTORE_TYPE: "kubernetes", NODENAME: "node-1", CALICO_MANAGE_CNI: "true" },
      version: "1.2.3",
      print: (text) => {
        out += text;
        return 0;
      },
      warn: (text) => (err += text),
      open: async () => client(answer),
      readKernel: async () => KERNEL,
      executable: undefined,
      ...changes,
    },
  );
  return { code, out, err };
}

interface Json {
  readonly server: string | null;
  readonly passed: boolean;
  readonly findings: readonly Finding[];
}

async function findings(changes: Partial<PreflightSurroundings> = {}): Promise<Map<string, Finding>> {
  const { out } = await preflight("-o json", changes);
  return new Map((JSON.parse(out) as Json).findings.map((finding) => [finding.check, finding]));
}

test("each check is a line, what to do stands below it, and something that failed is exit 1", async () => {
  const { code, out, err } = await preflight("");
  expect({ code, err }).toEqual({ code: 1, err: "" });
  expect(out).toStartWith(
    "tortie 1.2.3, node node-1, cluster https://10.0.0.1:6443\n\nok         settings         datastore kubernetes; ",
  );
  expect(out).toContain(
    "\nfailed     rights           this account may not watch networkpolicies.networking.k8s.io\n" +
      "                            -> kubectl apply -f tortie-rbac.yaml",
  );
  expect(out).toMatch(/\n\n\d+ ok, .*\d+ failed, \d+ not known\n$/);
  expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(110);
});

test("pages are read to the end; the same stands in JSON", async () => {
  const found = await findings();
  expect(found.get("node")).toEqual({
    check: "node",
    status: "ok",
    found: "node-1 is the only node; its pods come from 10.244.0.0/24",
  });
  expect(found.get("running pods")).toMatchObject({ status: "ok" });
  expect(found.get("clock")).toMatchObject({ status: "ok" });
  const { out } = await preflight("--output=json");
  expect(JSON.parse(out)).toMatchObject({ server: "https://10.0.0.1:6443", passed: false, node: "node-1" });
});

test("what the account may not list is not known, and says so", async () => {
  const forbidden = {
    kind: "Status",
    code: 403,
    reason: "Forbidden",
    message: 'nodes is forbidden: User "x" cannot list resource "nodes" in API group "" at the cluster scope',
  };
  const open = async () =>
    client((request) =>
      request.path === "/api/v1/nodes" ? Response.json(forbidden, { status: 403 }) : answer(request),
    );
  const found = await findings({ open });
  expect(found.get("node")).toMatchObject({
    status: "not known",
    found: expect.stringContaining("may not list nodes"),
  });
  expect(found.get("routes")?.status).toBe("not known");
  expect(found.get("pools")?.status).toBe("warning");
});

test("an API server that says nothing costs the time that it is given, and one line", async () => {
  const silent = client(() => Promise.withResolvers<Response>().promise);
  const found = await findings({ open: async () => silent, clusterMilliseconds: 20 });
  expect(found.get("API server")).toMatchObject({
    status: "failed",
    found: "https://10.0.0.1:6443 did not answer within 0.02 s: it hangs, or packets to it are dropped",
  });
  expect(found.has("node")).toBe(false);
  // The plugin that gives the credentials may be what hangs.
  const never = await findings({
    open: () => Promise.withResolvers<KubernetesClient>().promise,
    clusterMilliseconds: 20,
  });
  expect(never.get("API server")?.found).toStartWith("it did not answer within 0.02 s");
});

test("a list that does not come in time is not known, and what came counts", async () => {
  const open = async () =>
    client((request) =>
      request.path === "/api/v1/nodes" ? Promise.withResolvers<Response>().promise : answer(request),
    );
  const found = await findings({ open, clusterMilliseconds: 200 });
  expect(found.get("API server")).toMatchObject({ status: "ok" });
  for (const check of ["node", "routes"])
    expect(found.get(check)).toMatchObject({ status: "not known", found: "no answer within 0.2 s" });
  expect(found.get("running pods")?.status).toBe("ok");
  expect(found.get("rights")?.status).toBe("failed");
});

test("a server that greets everybody and does not know who asks is a failure", async () => {
  const message =
    'selfsubjectaccessreviews.authorization.k8s.io is forbidden: User "system:anonymous" cannot create resource "selfsubjectaccessreviews" in API group "authorization.k8s.io" at the cluster scope';
  const forbidden = { kind: "Status", code: 403, reason: "Forbidden", message };
  const open = async () =>
    client((request) =>
      request.path === "/version" ? answer(request) : Response.json(forbidden, { status: 403 }),
    );
  expect((await findings({ open })).get("API server")).toMatchObject({
    status: "failed",
    found: expect.stringContaining('user "system:anonymous" may not create'),
    mend: expect.stringContaining("log in"),
  });
});

test("a connection that cannot be, a refusal, and nonsense: each in its words", async () => {
  const refused = new ConnectionError("tls", {
    tried: "GET /version",
    found: "not believed",
    next: "give the CA",
  });
  expect((await findings({ open: () => Promise.reject(refused) })).get("API server")).toMatchObject({
    status: "failed",
    found: "GET /version: not believed",
    mend: "give the CA",
  });
  const status = { kind: "Status", code: 401, reason: "Unauthorized", message: "Unauthorized" };
  const unauthorized = await findings({
    open: async () => client(() => Response.json(status, { status: 401 })),
  });
  expect(unauthorized.get("API server")?.status).toBe("failed");
  const web = await findings({ open: async () => client(() => new Response("<html>")) });
  expect(web.get("API server")).toMatchObject({
    status: "failed",
    found: "https://10.0.0.1:6443/version answers with something that is not Kubernetes'",
  });
});

test("with manifests in place of a cluster its checks are left out, and that is said", async () => {
  const found = await findings({ environment: {}, open: () => Promise.reject(new Error("asked")) });
  expect(found.get("cluster")).toMatchObject({
    status: "not known",
    found: "left out: DATASTORE_TYPE is file",
  });
});

test("where nothing may be compiled that is the failure, and the rest goes on", async () => {
  const found = await findings({
    readKernel: () => Promise.reject(new TypeError("bun:ffi requires the JIT")),
  });
  expect(found.get("JIT")?.status).toBe("failed");
  for (const check of ["kernel", "other enforcers", "kube-proxy", "routes"])
    expect(found.get(check)).toMatchObject({ status: "not known" });
  expect(found.get("node")?.status).toBe("ok");
});

test("settings that nobody understands: exit 1, and nothing is asked", async () => {
  const environment = { FELIX_HEALTHPORT: "x" };
  const { code, out } = await preflight("", {
    environment,
    readKernel: () => Promise.reject(new Error("asked")),
  });
  expect(code).toBe(1);
  expect(out).toContain('failed     settings  FELIX_HEALTHPORT: found "x", allowed is a whole number');
});

test.each(["-o yaml", "more", "--hots-root /", "--host-root", "--host-root /nowhere"])(
  "wrong use (%s): exit 2",
  async (words) => {
    const { code, out, err } = await preflight(words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toStartWith("tortie preflight: ");
  },
);

test("help: exit 0", async () => {
  const { code, out, err } = await preflight("--help");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain("Exit code: 0 nothing failed, 1 something failed, 2 wrong use.");
});
