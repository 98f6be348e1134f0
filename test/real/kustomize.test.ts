import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { newestProgram } from "./newest.ts";
import { program } from "./programs.ts";

const DIRECTORY = new URL("../../deploy/kustomize/", import.meta.url).pathname;
const OVERLAYS = readdirSync(join(DIRECTORY, "overlays")).toSorted();

interface Mount {
  readonly name: string;
  readonly mountPath: string;
}

interface Container {
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly Mount[];
}

interface Built {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template: {
      readonly spec: {
        readonly initContainers?: readonly Container[];
        readonly containers: readonly Container[];
        readonly securityContext: { readonly seLinuxOptions: unknown };
        readonly volumes?: readonly {
          readonly name: string;
          readonly hostPath?: { readonly path: string };
        }[];
      };
    };
  };
}

async function build(kubectl: string, path: string): Promise<readonly Built[]> {
  const { stdout } = await Bun.$`${kubectl} kustomize ${join(DIRECTORY, path)}`.quiet();
  return Bun.YAML.parse(stdout.toString()) as Built[];
}

function podOf(built: readonly Built[]) {
  const found = built.find(({ kind, metadata }) => kind === "DaemonSet" && metadata.name === "tortie");
  if (found?.spec === undefined) throw new Error("there is no DaemonSet tortie");
  return found.spec.template.spec;
}

function hostPaths(built: readonly Built[]): Readonly<Record<string, string>> {
  const volumes = podOf(built).volumes ?? [];
  return Object.fromEntries(
    volumes.flatMap(({ name, hostPath }) => (hostPath ? [[name, hostPath.path]] : [])),
  );
}

const WIRED = [
  ["k3s", "/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/lib/rancher/k3s/data/cni", "10.42.0.0/16"],
  [
    "microk8s",
    "/var/snap/microk8s/current/args/cni-network",
    "/var/snap/microk8s/current/opt/cni/bin",
    "10.1.0.0/16",
  ],
  ["openshift", "/var/run/multus/cni/net.d", "/var/lib/cni/bin", "10.128.0.0/14"],
] as const;
const WHOLE = ["flannel", "policy-only"];
const NEUTRAL = ["aks", "alpine", "bottlerocket", "eks", "gke", "talos"];

test("every overlay is looked at", () => {
  expect([...WIRED.map(([name]) => name), ...WHOLE, ...NEUTRAL].toSorted()).toEqual(OVERLAYS);
});

const KUBECTLS = [
  ["1.20", () => program("kubectl")],
  ["the newest", () => newestProgram("kubectl")],
] as const;

describe.each(KUBECTLS)("kubectl kustomize of %s", (_, kubectl) => {
  test.each(WIRED)(
    "%s: its directories are everywhere, the usual ones nowhere",
    async (name, net, bin, block) => {
      const [base, built] = await Promise.all([
        build(kubectl(), "base"),
        build(kubectl(), `overlays/${name}`),
      ]);
      expect(hostPaths(built)).toEqual({ ...hostPaths(base), "cni-net-dir": net, "cni-bin-dir": bin });
      const [install] = podOf(built).initContainers ?? [];
      const [agent] = podOf(built).containers;
      expect(install?.command).toEqual(["tortie", "install", "--bin-dir", `/host${bin}`]);
      const places = (install?.volumeMounts ?? []).map(({ mountPath }) => mountPath);
      expect(places.toSorted()).toEqual(["/host", `/host${bin}`]);
      expect(agent?.env.filter((one) => one.name === "CNI_NET_DIR")).toEqual([
        { name: "CNI_NET_DIR", value: net },
      ]);
      expect(agent?.env).toHaveLength(podOf(base).containers[0]?.env.length ?? 0);
      const pool = built.find(({ kind }) => kind === "ConfigMap")?.data?.["ippool.yaml"];
      expect(pool).toContain(`cidr: ${block}\n`);
      const added = built.map(({ kind }) => kind).filter((kind) => !base.some((one) => one.kind === kind));
      expect(added).toEqual(name === "openshift" ? ["SecurityContextConstraints"] : []);
    },
  );

  test.each(NEUTRAL)("%s: policies only, with what the platform needs", async (name) => {
    const [only, built] = await Promise.all([
      build(kubectl(), "overlays/policy-only"),
      build(kubectl(), `overlays/${name}`),
    ]);
    expect(hostPaths(built)).toEqual(name === "eks" ? { bpf: "/sys/fs/bpf" } : {});
    const type = name === "bottlerocket" ? "super_t" : "spc_t";
    expect(podOf(built).securityContext.seLinuxOptions).toMatchObject({ type });
    expect(podOf(built).containers[0]?.env).toEqual(podOf(only).containers[0]?.env ?? []);
    expect(built.map(({ kind }) => kind)).toEqual(only.map(({ kind }) => kind));
  });

  test.each(["base", ...WHOLE.map((name) => `overlays/${name}`)])("%s is its manifest", async (path) => {
    const built = await build(kubectl(), path);
    const [file] = readdirSync(join(DIRECTORY, path)).filter((name) => name.startsWith("tortie"));
    const whole = Bun.YAML.parse(readFileSync(join(DIRECTORY, path, file ?? ""), "utf8")) as Built[];
    const byName = (objects: readonly Built[]) =>
      new Map(objects.map((one) => [`${one.kind} ${one.metadata.name}`, one]));
    expect(byName(built)).toEqual(byName(whole));
  });
});
