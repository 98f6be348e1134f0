import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SERVICE_ACCOUNT_DIRECTORY } from "../../agent/cni-config/cni-kubeconfig.ts";
import { wantedCniConfig } from "../../agent/cni-config/wanted-cni-config.ts";
import { FLANNEL_FILE } from "../../agent/host/flannel-file.ts";
import { readPools } from "../../agent/host/ip-pools.ts";
import { readConfig } from "../../agent/settings/config.ts";
import { readInstallOptions } from "../../install/install-options.ts";
import { readUninstallOptions } from "../../install/uninstall-options.ts";
import { SETTING_ROWS } from "../../agent/settings/settings.ts";
import { type Cidr, parseCidr } from "../../model/cidr.ts";
import { type Container, containersOf, objectsOf, OWN_WORKLOADS } from "./test-manifests.ts";

/** What Bun itself heeds, and the words of `tortie install` and `uninstall`. */
const OTHERS = ["BUN_OPTIONS", "BUN_BE_BUN", "SLEEP"];
const KNOWN: ReadonlySet<string> = new Set([
  ...Object.values(SETTING_ROWS).map(({ name }) => name),
  ...OTHERS,
]);

function blockOf(text: string): Cidr {
  const block = parseCidr(text);
  if (block === undefined) throw new Error(`${text} is no block of addresses`);
  return block;
}

function configMapOf(file: string): Readonly<Record<string, string>> {
  const name = file.startsWith("calico-") ? "calico-configmap.yaml" : file;
  return objectsOf(name).find(({ metadata }) => metadata.name === "calico-config")?.data ?? {};
}

/** The environment of the container on node-1, as a kubelet makes it. */
function environmentOf({ env = [] }: Container, file: string): Record<string, string> {
  const values = env.map(({ name, value = "", valueFrom }) => {
    const key = valueFrom?.configMapKeyRef?.key;
    if (key !== undefined) return [name, configMapOf(file)[key] ?? ""];
    return [name, valueFrom === undefined ? value : "node-1"];
  });
  return {
    ...(Object.fromEntries(values) as Record<string, string>),
    KUBERNETES_SERVICE_HOST: "10.96.0.1",
    KUBERNETES_SERVICE_PORT: "443",
  };
}

const CONTAINERS = OWN_WORKLOADS.flatMap(({ where, pod }) =>
  containersOf(pod).map((container) => ({
    where: `${where}, ${container.name}`,
    file: where.split(",", 1)[0] ?? "",
    container,
  })),
);
const AGENTS = CONTAINERS.filter(({ container }) => container.command[1] === "agent");

test.each(CONTAINERS.map((one) => [one.where, one] as const))("%s: each variable is known", (_, one) => {
  const names = (one.container.env ?? []).map(({ name }) => name);
  expect(names.filter((name) => !KNOWN.has(name))).toEqual([]);
  expect(names).toEqual([...new Set(names)]);
});

test.each(CONTAINERS.map((one) => [one.where, one] as const))("%s: its words are understood", (_, one) => {
  const [program, face = "", ...words] = one.container.command;
  expect(program).toBe("tortie");
  const environment = environmentOf(one.container, one.file);
  switch (face) {
    case "agent":
      return expect(words).toEqual([]);
    case "install":
      return expect(readInstallOptions(words, environment)).toMatchObject({
        kind: "options",
        options: { sleep: false },
      });
    case "uninstall":
      return expect(readUninstallOptions(words, environment).kind).toBe("options");
    default:
      throw new Error(`there is no face ${face}`);
  }
});

function readBy({ file, container }: (typeof AGENTS)[number]) {
  const environment = environmentOf(container, file);
  return { environment, ...readConfig(environment) };
}

test.each(AGENTS.map((one) => [one.where, one] as const))("%s: all its settings count", (_, one) => {
  const { config, unknown, ineffective } = readBy(one);
  const wires = !one.file.includes("policy-only");
  expect({ unknown, ineffective }).toEqual({ unknown: [], ineffective: [] });
  expect(config).toMatchObject({ datastoreType: "kubernetes", nodeName: "node-1", manageCni: wires });
  expect(config.podAnnotations).toBe(one.file.includes("before") ? false : undefined);
});

const WIRING = AGENTS.filter(({ file }) => !file.includes("policy-only"));

describe.each(WIRING.map((one) => [one.where, one] as const))("%s", (_, agent) => {
  const { file, container } = agent;
  const { config, environment } = readBy(agent);
  const folder = mkdtempSync(join(tmpdir(), "tortie-manifest-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("what it mounts is where its settings look", () => {
    expect((container.volumeMounts ?? []).map(({ mountPath }) => mountPath)).toEqual([
      config.runDirectory,
      config.stateDirectory,
      `/host${config.cniNetDirectory}`,
      dirname(FLANNEL_FILE),
      dirname(config.poolFile),
      SERVICE_ACCOUNT_DIRECTORY,
    ]);
  });

  test("the configuration that it writes is one that the plugin takes", () => {
    mkdirSync(join(folder, "etc/cni/net.d"), { recursive: true });
    const wanted = wantedCniConfig(config, environment, { hostRoot: folder });
    expect(wanted).toMatchObject({ name: "10-calico.conflist", kubeconfig: undefined });
    expect(wanted?.plugins).toEqual(["calico", "portmap", "bandwidth"]);
  });

  test("the agent reads the pool of its ConfigMap, and finds nothing strange in it", () => {
    const pool = configMapOf(file)["ippool.yaml"];
    const poolFile = join(folder, "ippool.yaml");
    if (pool !== undefined) writeFileSync(poolFile, pool);
    const flannelFile = join(folder, "subnet.env");
    const { pools, conditions } = readPools({ config: { ...config, poolFile }, flannelFile });
    const natOutgoing = !file.includes("flannel");
    const expected = file.startsWith("calico-") ? [] : [{ cidr: blockOf("10.244.0.0/16"), natOutgoing }];
    expect([...pools.values()]).toEqual(expected);
    // Elsewhere than in its usual place a missing file is worth a notice.
    expect(conditions).toHaveLength(1 - expected.length);
  });
});

test("the ConfigMaps hold deploy/cni-network-config.template as it is", () => {
  const template = readFileSync(new URL("../cni-network-config.template", import.meta.url), "utf8");
  for (const { file } of WIRING) expect(configMapOf(file)["cni_network_config"]).toBe(template);
});

test("flannel and tortie-flannel.yaml's pool are of one block", () => {
  const flannel = objectsOf("tortie-flannel.yaml").find(
    ({ metadata }) => metadata.name === "kube-flannel-cfg",
  );
  const { Network: network } = JSON.parse(flannel?.data?.["net-conf.json"] ?? "{}") as { Network?: string };
  expect(configMapOf("tortie-flannel.yaml")["ippool.yaml"]).toContain(`cidr: ${network}\n`);
});
