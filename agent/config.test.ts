import { join } from "node:path";
import { expect, test } from "bun:test";
import { ConfigError, type Environment, readConfig } from "./config.ts";

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
      nodeName: "node-1",
      writer: "netlink",
      endpointToHostAction: "accept",
      dropInvalid: true,
      graceSeconds: 180,
      healthEnabled: true,
      healthHost: "127.0.0.1",
      healthPort: 9099,
      logLevel: "info",
    },
    unknown: [],
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
  ["DATASTORE_TYPE", "etcdv2", "file (the only one so far)"],
  ["FELIX_DATASTORETYPE", "kubernetes", "file (the only one so far)"],
  [
    "FELIX_FELIXHOSTNAME",
    "Node_1",
    "a Kubernetes node name: lower-case letters, digits, '-' and '.', at most 253",
  ],
  ["FELIX_NFTWRITER", "iptables", "one of netlink, libnftables"],
  ["FELIX_DEFAULTENDPOINTTOHOSTACTION", "reject", "one of accept, drop, return"],
  ["FELIX_DISABLECONNTRACKINVALIDCHECK", "maybe", "true or false"],
  ["TORTIE_GRACESECONDS", "-1", "a whole number from 0 to 86400"],
  ["FELIX_HEALTHHOST", "10.1", "an IP address or localhost"],
  ["FELIX_HEALTHPORT", "65536", "a whole number from 0 to 65535"],
  ["felix_healthport", "http", "a whole number from 0 to 65535"],
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
  const { unknown } = readConfig({
    NODENAME: "n",
    FELIX_HEALTHPROT: "1",
    FELIX_IPINIPMTU: "1440",
    TORTIE_SERVICE_HOST: "10.0.0.1",
    TORTIE_PORT_80_TCP_ADDR: "10.0.0.1",
    PATH: "/bin",
  });
  expect(unknown).toEqual(["FELIX_HEALTHPROT (did you mean FELIX_HEALTHPORT?)", "FELIX_IPINIPMTU"]);
});
