import { join } from "node:path";
import { expect, test } from "bun:test";
import type { Environment } from "../../model/environment.ts";
import { ConfigError, readConfig } from "./config.ts";

function errorsOf(environment: Environment): readonly string[] {
  try {
    readConfig({ NODENAME: "node-1", ...environment });
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  return [];
}

test("defaults", () => {
  expect(readConfig({ NODENAME: "node-1" })).toEqual({
    config: {
      datastoreType: "file",
      datastorePath: "/etc/tortie/manifests",
      connection: {},
      nodeName: "node-1",
      manageCni: true,
      unknownEndpoint: "drop",
      writer: "netlink",
      endpointToHostAction: "accept",
      dropInvalid: true,
      graceSeconds: 180,
      watchdogSeconds: 90,
      healthEnabled: true,
      healthHost: "127.0.0.1",
      healthPort: 9099,
      logLevel: "info",
      runDirectory: "/run/tortie",
      stateDirectory: "/var/lib/calico",
      podAnnotations: undefined,
      ipv4Pool: undefined,
      ipv4PoolNatOutgoing: true,
      ipv6Pool: undefined,
      ipv6PoolNatOutgoing: false,
      poolFile: "/etc/config/calico/ippool.yaml",
      metricsEnabled: false,
      metricsHost: "127.0.0.1",
      metricsPort: 9091,
      processMetrics: true,
      cniNetworkConfig: undefined,
      cniNetworkConfigFile: undefined,
      cniConfigName: undefined,
      cniOldConfigName: undefined,
      cniNetDirectory: "/etc/cni/net.d",
      cniMtu: 0,
    },
    unknown: [],
    ineffective: [],
  });
});

test("an empty value is no value", () => {
  expect(
    readConfig({ NODENAME: "node-1", FELIX_HEALTHPORT: "", FELIX_HEALTHHOST: "none" }).config,
  ).toMatchObject({
    healthPort: 9099,
    healthHost: "127.0.0.1",
  });
});

test("FELIX_ names are read in any case, and so are words", () => {
  const { config } = readConfig({
    NODENAME: "n",
    Felix_HealthPort: "80",
    FELIX_DEFAULTENDPOINTTOHOSTACTION: "DROP",
  });
  expect(config).toMatchObject({ healthPort: 80, endpointToHostAction: "drop" });
});

test.each([
  ["true", true],
  ["Yes", true],
  ["1", true],
  ["t", true],
  ["Y", true],
  ["false", false],
  ["No", false],
  ["0", false],
  ["F", false],
  ["n", false],
])("the switch %p is %p", (spelling, value) => {
  const { config } = readConfig({ NODENAME: "n", FELIX_HEALTHENABLED: spelling });
  expect(config.healthEnabled).toBe(value);
});

test.each<[Environment, string]>([
  [{ FELIX_FELIXHOSTNAME: "felix", NODENAME: "name", HOSTNAME: "host" }, "felix"],
  [{ NODENAME: "name", HOSTNAME: "host" }, "name"],
  [{ HOSTNAME: "Host" }, "host"],
  [{ NODENAME: "IP-10-0-0-1.Example" }, "ip-10-0-0-1.example"],
])("the node's name from %p is %p", (environment, name) => {
  expect(readConfig(environment).config.nodeName).toBe(name);
});

test("a relative directory begins where the process was started", () => {
  const { config } = readConfig({ DATASTORE_PATH: "some/manifests" });
  expect(config.datastorePath).toBe(join(process.cwd(), "some/manifests"));
});

test("the host's own name is the last resort", () => {
  expect(readConfig({}).config.nodeName).not.toBe("");
});

test.each<[string, string, string]>([
  ["DATASTORE_TYPE", "etcdv2", "one of file, kubernetes (etcdv2: not in this version)"],
  ["FELIX_DATASTORETYPE", "etcdv3", "one of file, kubernetes (etcdv2: not in this version)"],
  ["CALICO_MANAGE_CNI", "perhaps", "true or false"],
  ["FELIX_UNKNOWNENDPOINTACTION", "reject", "one of drop, accept"],
  ["FELIX_DATAPLANEWATCHDOGTIMEOUT", "0", "seconds from 1 to 3600, as `90`, `90s` or `1m30s`"],
  [
    "FELIX_FELIXHOSTNAME",
    "Node_1",
    "a Kubernetes node name: lower-case letters, digits, '-' and '.', at most 253",
  ],
  ["FELIX_NFTWRITER", "iptables", "one of netlink, libnftables"],
  ["FELIX_DEFAULTENDPOINTTOHOSTACTION", "reject", "one of accept, drop, return"],
  ["FELIX_DISABLECONNTRACKINVALIDCHECK", "maybe", "true or false"],
  ["TORTIE_GRACESECONDS", "-1", "seconds from 0 to 86400, as `90`, `90s` or `1m30s`"],
  ["FELIX_HEALTHHOST", "10.1", "an IP address or localhost"],
  ["FELIX_HEALTHPORT", "65536", "a whole number from 0 to 65535"],
  ["felix_healthport", "http", "a whole number from 0 to 65535"],
  ["FELIX_PROMETHEUSMETRICSENABLED", "sometimes", "true or false"],
  ["FELIX_PROMETHEUSMETRICSHOST", "localhost:9091", "an IP address or localhost"],
  ["FELIX_PROMETHEUSMETRICSPORT", "-1", "a whole number from 0 to 65535"],
  ["FELIX_PROMETHEUSPROCESSMETRICSENABLED", "cpu", "true or false"],
  ["FELIX_LOGSEVERITYSCREEN", "loud", "one of debug, info, warning, error, fatal, none"],
])("%s=%s is refused with what is allowed", (name, value, allowed) => {
  expect(errorsOf({ [name]: value })).toEqual([`${name}: found "${value}", allowed is ${allowed}`]);
});

test("all bad values are told at once", () => {
  expect(errorsOf({ FELIX_HEALTHPORT: "x", FELIX_HEALTHENABLED: "x", DATASTORE_TYPE: "x" })).toHaveLength(3);
});

test("one setting with two values is refused", () => {
  expect(errorsOf({ FELIX_HEALTHPORT: "1", felix_healthport: "2" })).toEqual([
    "felix_healthport and FELIX_HEALTHPORT are the same setting with two values: remove one",
  ]);
});

test("unknown names are told, with what may have been meant; addresses of services are not names", () => {
  const { unknown, ineffective } = readConfig({
    NODENAME: "n",
    FELIX_HEALTHPROT: "1",
    FELIX_NONSENSE: "1",
    Felix_IpInIpMtu: "1440",
    FELIX_PROMETHEUSGOMETRICSENABLED: "true",
    FELIX_PROMETHEUSPROCESSMETRICSENABLED: "true",
    K8S_API_ENDPIONT: "https://10.0.0.1",
    K8S_SOMEBODY_ELSES: "1",
    TORTIE_SERVICE_HOST: "10.0.0.1",
    TORTIE_PORT_80_TCP_ADDR: "10.0.0.1",
    PATH: "/bin",
  });
  expect(unknown).toEqual([
    "FELIX_HEALTHPROT (did you mean FELIX_HEALTHPORT?)",
    "FELIX_NONSENSE",
    "K8S_API_ENDPIONT (did you mean K8S_API_ENDPOINT?)",
  ]);
  expect(ineffective).toEqual([
    "Felix_IpInIpMtu (known to Felix, without effect here)",
    "FELIX_PROMETHEUSGOMETRICSENABLED (known to Felix, without effect here)",
  ]);
});

test.each<[Environment, readonly string[]]>([
  [{ TORTIE_RUNDIR: "/r" }, ["TORTIE_RUNDIR (did you mean TORTIE_RUNDIRECTORY?)"]],
  [{ NODE_NAME: "n" }, ["NODE_NAME (did you mean NODENAME?)"]],
  [{ NODE_NAME: "n", NODENAME: "n" }, []],
  [{ KUBECONFG: "/k" }, ["KUBECONFG (did you mean KUBECONFIG?)"]],
  [{ CALICO_MANGE_CNI: "true" }, ["CALICO_MANGE_CNI (did you mean CALICO_MANAGE_CNI?)"]],
  [{ CALICO_K8S_CA_FIEL: "/c" }, ["CALICO_K8S_CA_FIEL (did you mean CALICO_K8S_CA_FILE?)"]],
  // Calico's own, and those of every shell and pod.
  [{ CALICO_K8S_NODE_REF: "n", CALICO_NETWORKING_BACKEND: "none", CALICO_IPV4POOL_CIDR: "10.0.0.0/8" }, []],
  [{ SSL_CERT_FILE: "/c", NODE_TLS_KEY_FILE: "/k", GITHUB_TOKEN: "t", K9S_CONFIG: "/c" }, []],
  [
    { HOST_NAME: "n", HOSTTYPE: "x86_64", NODE_ENV: "x", NODE_PATH: "/n", KUBERNETES_PORT: "443", PATH: "/" },
    [],
  ],
])("of names that are read in one spelling only, %p gives %p", (environment, unknown) => {
  expect(readConfig({ FELIX_FELIXHOSTNAME: "n", ...environment }).unknown).toEqual([...unknown]);
});

test("settings of the datastore that is not used are told", () => {
  expect(readConfig({ NODENAME: "n", KUBECONFIG: "/k", CALICO_K8S_TOKEN: "x" }).ineffective).toEqual([
    "KUBECONFIG (DATASTORE_TYPE is file, and kubernetes would read it)",
    "CALICO_K8S_TOKEN (DATASTORE_TYPE is file, and kubernetes would read it)",
  ]);
  const environment = { NODENAME: "n", DATASTORE_TYPE: "kubernetes", DATASTORE_PATH: "/m", KUBECONFIG: "/k" };
  expect(readConfig(environment).ineffective).toEqual(["DATASTORE_PATH (DATASTORE_TYPE is kubernetes)"]);
});

test.each(["DATASTORE_TYPE", "CALICO_DATASTORE_TYPE", "felix_datastoretype"])(
  "%s=kubernetes, with the connection; pods are wired by somebody else unless it is said",
  (name) => {
    const environment = { NODENAME: "n", [name]: "Kubernetes", CALICO_K8S_API_TOKEN: "t" };
    const { config } = readConfig(environment);
    expect(config).toMatchObject({
      datastoreType: "kubernetes",
      connection: { token: "t" },
      manageCni: false,
    });
    expect(readConfig({ ...environment, CALICO_MANAGE_CNI: "True" }).config.manageCni).toBe(true);
    for (const template of ["CNI_NETWORK_CONFIG", "CNI_NETWORK_CONFIG_FILE"])
      expect(readConfig({ ...environment, [template]: "{}" }).config.manageCni).toBe(true);
  },
);

test("a connection with two values for one setting is refused", () => {
  expect(errorsOf({ K8S_TOKEN: "a", K8S_API_TOKEN: "b" })).toEqual([
    "K8S_TOKEN and K8S_API_TOKEN are the same setting with two values: remove one",
  ]);
});
