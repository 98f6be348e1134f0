import { expect, test } from "bun:test";
import { CniError } from "./cni-error.ts";
import { parseStdin, readNetworkConfiguration } from "./netconf.ts";
import type { Verb } from "./environment.ts";

const GIVEN = {
  cniVersion: "1.1.0",
  name: "k8s-pod-network",
  type: "calico",
  ipam: { type: "host-local", subnet: "usePodCidr" },
};

const MEND =
  "mend the network's configuration in /etc/cni/net.d, or the template that the agent writes it from";

/** Lists in lists. */
function nested(depth: number): unknown {
  return JSON.parse("[".repeat(depth) + "]".repeat(depth));
}

function failure(given: unknown, verb: Verb = "ADD"): string {
  try {
    const text = typeof given === "string" ? given : JSON.stringify(given);
    return `nothing, but ${JSON.stringify(readNetworkConfiguration(parseStdin(text), verb))}`;
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    return `${error.code}: ${error.message}; ${error.next}`;
  }
}

test("readNetworkConfiguration: what is not said has defaults", () => {
  const read = readNetworkConfiguration(GIVEN, "ADD");
  expect(read).toEqual({
    version: "1.1.0",
    name: "k8s-pod-network",
    ipam: { type: "host-local", subnet: "usePodCidr" },
    mtu: 0,
    setupTimeoutSeconds: 30,
    logLevel: "warning",
    runDirectory: "/run/tortie",
    allowIpForwarding: false,
    dns: undefined,
    previous: undefined,
    validAttachments: undefined,
    whole: GIVEN,
    ignored: [],
  });
});

test("readNetworkConfiguration: takes what Calico's manifests of 2016 and of today say", () => {
  const of2016 = {
    name: "k8s-pod-network",
    type: "calico",
    log_level: "debug",
    datastore_type: "kubernetes",
    hostname: "n-1",
    ipam: { type: "host-local", subnet: "usePodCidr" },
    policy: { type: "k8s", k8s_auth_token: "t" },
    kubernetes: { k8s_api_root: "https://10.96.0.1:443", kubeconfig: "/etc/cni/net.d/calico-kubeconfig" },
  };
  expect(readNetworkConfiguration(of2016, "ADD")).toMatchObject({ version: "0.1.0", logLevel: "debug" });
  const ofToday = {
    ...GIVEN,
    cniVersion: "1.0.0",
    log_level: "info",
    log_file_path: "/var/log/calico/cni/cni.log",
    datastore_type: "kubernetes",
    nodename: "n-1",
    mtu: 1440,
    policy: { type: "k8s" },
    kubernetes: { kubeconfig: "/etc/cni/net.d/calico-kubeconfig" },
    feature_control: { floating_ips: false },
    container_settings: { allow_ip_forwarding: true },
    include_default_routes: true,
    policy_setup_timeout_seconds: 7,
    capabilities: { portMappings: true },
    somethingElse: { a: 1 },
  };
  expect(readNetworkConfiguration(ofToday, "ADD")).toMatchObject({
    mtu: 1440,
    allowIpForwarding: true,
    setupTimeoutSeconds: 7,
    ignored: [
      "nodename is ignored: the agent knows the node",
      "kubernetes.kubeconfig is ignored: the agent alone talks to the API server",
      "log_file_path is ignored: log lines go to standard error, where the container runtime keeps them",
    ],
  });
});

test("readNetworkConfiguration: null is what is not said", () => {
  const nulls = { mtu: null, prevResult: null, container_settings: null, dns: null, ipv4_pools: null };
  expect(readNetworkConfiguration({ ...GIVEN, ...nulls }, "ADD")).toMatchObject({
    mtu: 0,
    previous: undefined,
  });
});

test("readNetworkConfiguration: GC's list has two names", () => {
  const list = [{ containerID: "c1", ifname: "eth0" }];
  const validAttachments = [{ containerId: "c1", podInterface: "eth0" }];
  for (const key of ["cni.dev/valid-attachments", "cni.dev/attachments"])
    expect(readNetworkConfiguration({ ...GIVEN, [key]: list }, "GC")).toMatchObject({ validAttachments });
});

test.each([
  ["", "notJson: standard input is empty; give the network's configuration there"],
  ["{", /^notJson: standard input is not JSON: .+; give the network's configuration there$/],
  [
    "[]",
    "configuration: the network's configuration is a list; give one plugin's configuration, a JSON object",
  ],
  ["7", "configuration: the network's configuration is 7; give one plugin's configuration, a JSON object"],
])("readNetworkConfiguration: standard input %j is refused", (text, message) => {
  expect(failure(text)).toMatch(message);
});

const SPOKEN = "set cniVersion to one of 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0";

test.each([
  [{ cniVersion: "2.0.0" }, `version: cniVersion is "2.0.0", which is not spoken here; ${SPOKEN}`],
  [{ cniVersion: 1 }, `version: cniVersion is 1, which is not spoken here; ${SPOKEN}`],
  [{ name: undefined }, `configuration: name is missing; ${MEND}`],
  [
    { name: "../x" },
    `configuration: name is "../x"; expected letters, digits, dots, underscores and hyphens, a letter or digit first; ${MEND}`,
  ],
  [{ ipam: undefined }, `configuration: ipam is missing; ${MEND}`],
  [{ ipam: {} }, `configuration: ipam.type is missing; ${MEND}`],
  [{ ipam: 7 }, `configuration: ipam is 7; expected an object: { type: host-local, ... }; ${MEND}`],
  [{ mtu: "1500" }, `configuration: mtu is "1500"; expected 0 or a whole number from 68 to 65535; ${MEND}`],
  [{ mtu: 1500.5 }, `configuration: mtu is 1500.5; expected 0 or a whole number from 68 to 65535; ${MEND}`],
  [{ mtu: 1 }, `configuration: mtu is 1; expected 0 or a whole number from 68 to 65535; ${MEND}`],
  [{ mtu: 67 }, `configuration: mtu is 67; expected 0 or a whole number from 68 to 65535; ${MEND}`],
  [{ mtu: 65_536 }, `configuration: mtu is 65536; expected 0 or a whole number from 68 to 65535; ${MEND}`],
  [
    { include_default_routes: false },
    "field: include_default_routes is false, which is not supported; a pod always has a default route: take it out, or set it to true",
  ],
  [
    { feature_control: { floating_ips: nested(100) } },
    `configuration: the network's configuration is nested more than 100 deep; give one plugin's configuration, a JSON object`,
  ],
  [
    { feature_control: { floating_ips: nested(60) }, ipam: { ...GIVEN.ipam, type: "x".repeat(1_000) } },
    `field: ipam.type is "${"x".repeat(199)}…, which is not supported; set ipam to { type: host-local, subnet: usePodCidr }`,
  ],
  [{ mtu: -1 }, `configuration: mtu is -1; expected 0 or a whole number from 68 to 65535; ${MEND}`],
  [
    { policy_setup_timeout_seconds: 3601 },
    `configuration: policy_setup_timeout_seconds is 3601; expected a whole number from 0 to 3600; ${MEND}`,
  ],
  [{ run_dir: "run" }, `configuration: run_dir is "run"; expected an absolute path; ${MEND}`],
  [
    { container_settings: { allow_ip_forwarding: "yes" } },
    `configuration: container_settings.allow_ip_forwarding is "yes"; expected true or false; ${MEND}`,
  ],
  [{ prevResult: [] }, `configuration: prevResult is []; expected an object; ${MEND}`],
  [
    { ipam: { type: "calico-ipam" } },
    'field: ipam.type is "calico-ipam", which is not supported; set ipam to { type: host-local, subnet: usePodCidr }',
  ],
  [
    { datastore_type: "etcdv3" },
    'field: datastore_type is "etcdv3", which is not supported; set datastore_type to kubernetes: the agent alone talks to the datastore, and to no etcd',
  ],
  [
    { etcd_endpoints: "http://10.96.232.136:6666" },
    'field: etcd_endpoints is "http://10.96.232.136:6666", which is not supported; set datastore_type to kubernetes: the agent alone talks to the datastore, and to no etcd',
  ],
  [
    { ipam: { ...GIVEN.ipam, ipv4_pools: ["10.0.0.0/8"] } },
    'field: ipam.ipv4_pools is ["10.0.0.0/8"], which is not supported; addresses come from the node\'s podCIDRs: take it out, and set ipam to { type: host-local, subnet: usePodCidr }',
  ],
  [
    { ipam: { ...GIVEN.ipam, routes: [{ dst: "::/0" }, { dst: "10.0.0.0/8" }] } },
    'field: ipam.routes is [{"dst":"::/0"},{"dst":"10.0.0.0/8"}], which is not supported; a pod has a default route, which leads everywhere: take it out',
  ],
  [
    { device_type: "netkit" },
    'field: device_type is "netkit", which is not supported; pods are linked by veth pairs: take it out, or set it to veth',
  ],
  [
    { feature_control: { floating_ips: true } },
    'field: feature_control is {"floating_ips":true}, which is not supported; neither addresses from annotations nor floating addresses are in this version: take it out',
  ],
  [
    { ipMasq: true },
    "field: ipMasq is true, which is not supported; give the agent a pool with nat-outgoing instead (CALICO_IPV4POOL_CIDR), and take it out",
  ],
  [
    { runtimeConfig: { mac: "02:00:00:00:00:01" } },
    'field: runtimeConfig.mac is "02:00:00:00:00:01", which is not supported; a pod\'s MAC cannot be asked for: take the capability mac out',
  ],
])("readNetworkConfiguration: %j is refused", (wrong, message) => {
  expect(failure({ ...GIVEN, ...wrong })).toBe(message);
});

test("what is millions of letters long, or nested tens of thousands deep, is refused in few words", () => {
  const deep = "[".repeat(50_000) + "]".repeat(50_000);
  expect(failure(`{"feature_control":${deep}}`)).toBe(
    "configuration: the network's configuration is nested more than 100 deep; give one plugin's configuration, a JSON object",
  );
  expect(failure({ ...GIVEN, mtu: "9".repeat(5_000_000) })).toBe(
    `configuration: mtu is "${"9".repeat(199)}…; expected 0 or a whole number from 68 to 65535; ${MEND}`,
  );
  expect(failure("[".repeat(5_000_000)).length).toBeLessThan(400);
  expect(failure("x".repeat(5_000_000)).length).toBeLessThan(400);
  expect(failure(`"${"x".repeat(5_000_000)}"`).length).toBeLessThan(400);
});

test("readNetworkConfiguration: an MTU that keeps pods from being wired keeps none from being taken off", () => {
  expect(readNetworkConfiguration({ ...GIVEN, mtu: 67 }, "DEL").mtu).toBe(67);
});

test("readNetworkConfiguration: null in the place of GC's list is an empty one, beside a list it is nothing", () => {
  const now = "cni.dev/valid-attachments";
  const former = "cni.dev/attachments";
  for (const key of [now, former])
    expect(readNetworkConfiguration({ ...GIVEN, [key]: null }, "GC").validAttachments).toEqual([]);
  const list = [{ containerID: "c1", ifname: "eth0" }];
  const validAttachments = [{ containerId: "c1", podInterface: "eth0" }];
  expect(readNetworkConfiguration({ ...GIVEN, [now]: null, [former]: list }, "GC")).toMatchObject({
    validAttachments,
  });
  expect(readNetworkConfiguration(GIVEN, "GC").validAttachments).toBeUndefined();
});

test("readNetworkConfiguration: an etcd beside datastore_type kubernetes is what templates leave behind", () => {
  const given = { ...GIVEN, datastore_type: "kubernetes", etcd_endpoints: "http://127.0.0.1:2379" };
  expect(readNetworkConfiguration(given, "ADD").name).toBe("k8s-pod-network");
});

test("readNetworkConfiguration: what another plugin wired can be undone", () => {
  const given = { ...GIVEN, ipam: { type: "calico-ipam" }, ipv4_pools: ["10.0.0.0/8"] };
  expect(readNetworkConfiguration(given, "DEL").ipam.type).toBe("calico-ipam");
});

test.each([
  ["CHECK", "0.3.1", 'version: cniVersion is "0.3.1", which has no CHECK; it came with 0.4.0'],
  ["STATUS", "1.0.0", 'version: cniVersion is "1.0.0", which has no STATUS; it came with 1.1.0'],
  ["GC", undefined, 'version: cniVersion is "0.1.0", which has no GC; it came with 1.1.0'],
] as const)("readNetworkConfiguration: %s needs more than version %s", (verb, cniVersion, message) => {
  expect(failure({ ...GIVEN, cniVersion }, verb)).toBe(message);
});
