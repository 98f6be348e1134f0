import type { Lab } from "../../../demo/lab/lab.ts";
import { ManifestDirectory } from "../../../demo/manifests.ts";
import type { ExampleFile } from "../../../demo/examples.ts";

// x/client may send to y/server on port 80 and 8080 and nothing else; z/stranger may not. Every edit below changes chains, maps
// and sets on that way, and no verdict.

export const PODS: readonly { readonly namespace: string; readonly name: string }[] = [
  { namespace: "x", name: "client" },
  { namespace: "y", name: "server" },
  { namespace: "z", name: "stranger" },
  { namespace: "z", name: "bystander" },
];

interface Variant {
  /** Ports of the rule that lets the client in. */
  readonly ports: readonly object[];
  /** Peers of that rule. */
  readonly from: readonly object[];
  /** Further policies on the server. */
  readonly beside: readonly object[];
  /** Labels of z/bystander. */
  readonly bystander: Readonly<Record<string, string>>;
}

const CLIENT = {
  namespaceSelector: { matchLabels: { name: "x" } },
  podSelector: { matchLabels: { app: "client" } },
};
/** TCP 8080 is for probes between the rounds. */
const PROBED = { port: 8080 };
const BOTH = [{ port: 80, protocol: "UDP" }, { port: 80 }, PROBED];
const PLAIN: Variant = { ports: BOTH, from: [CLIENT], beside: [], bystander: { app: "none" } };
const MONITORING = {
  from: [{ namespaceSelector: {}, podSelector: { matchLabels: { role: "monitoring" } } }],
  ports: [{ port: 9000, endPort: 9100, protocol: "UDP" }],
};

const VARIANTS: readonly Variant[] = [
  PLAIN,
  { ...PLAIN, ports: [...BOTH, { port: 443 }, { port: 79, protocol: "UDP" }] },
  { ...PLAIN, from: [{ namespaceSelector: { matchLabels: { name: "x" } } }] },
  { ...PLAIN, beside: [MONITORING] },
  { ...PLAIN, beside: [MONITORING], bystander: { role: "monitoring" } },
  { ...PLAIN, from: [CLIENT, { ipBlock: { cidr: "198.51.100.0/24", except: ["198.51.100.8/29"] } }] },
  {
    ...PLAIN,
    ports: [PROBED, { port: 80, endPort: 80, protocol: "UDP" }, { port: 80 }, { port: 7000, endPort: 7010 }],
  },
];

function policy(namespace: string, name: string, spec: object): object {
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { namespace, name }, spec };
}

function pod(lab: Lab, namespace: string, name: string, labels: Readonly<Record<string, string>>): object {
  const podIPs = (lab.pods.get(`${namespace}/${name}`)?.addresses ?? []).map((ip) => ({ ip }));
  return { apiVersion: "v1", kind: "Pod", metadata: { namespace, name, labels }, status: { podIPs } };
}

function objects(lab: Lab, { ports, from, beside, bystander }: Variant): object[] {
  const toServer = { namespaceSelector: { matchLabels: { name: "y" } }, podSelector: {} };
  return [
    ...["x", "y", "z"].map((name) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { name } },
    })),
    pod(lab, "x", "client", { app: "client" }),
    pod(lab, "y", "server", { app: "server" }),
    pod(lab, "z", "stranger", { app: "stranger" }),
    pod(lab, "z", "bystander", bystander),
    policy("x", "only-to-server", {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      egress: [{ to: [toServer], ports: BOTH }],
    }),
    policy("y", "only-from-client", {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from, ports }],
    }),
    ...beside.map((rule, index) =>
      policy("y", `beside-${index}`, { podSelector: { matchLabels: { app: "server" } }, ingress: [rule] }),
    ),
  ];
}

/** The file of edit number `edit`; neighbours always differ. */
export function manifestFile(lab: Lab, edit: number): ExampleFile {
  const variant = VARIANTS[edit % VARIANTS.length] ?? PLAIN;
  const text = objects(lab, variant)
    .map((object) => JSON.stringify(object))
    .join("\n---\n");
  return { name: "world.yaml", text };
}

export function manifestDirectory(lab: Lab): ManifestDirectory {
  const directory = new ManifestDirectory();
  directory.write(manifestFile(lab, 0));
  return directory;
}
