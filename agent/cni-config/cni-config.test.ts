import { afterAll, expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { NAME, NOT_WRITTEN, openHosts, POD, refusal } from "./test-host.ts";
import { WRITTEN_NAME } from "../../handshake/written-configs.ts";
import { writeCniConfig } from "./cni-config.ts";

const hosts = openHosts();
afterAll(() => hosts[Symbol.dispose]());

test("the template of deploy/ is filled and written for root alone", () => {
  const { settings, places, directory, path } = hosts.make();
  expect(writeCniConfig(settings, {}, places)).toEqual({ conditions: [], written: [path], removed: [] });
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
    name: "k8s-pod-network",
    cniVersion: "1.0.0",
    plugins: [
      { type: "calico", mtu: 1450, ipam: { type: "host-local", subnet: "usePodCidr" } },
      { type: "portmap", snat: true, capabilities: { portMappings: true } },
      { type: "bandwidth", capabilities: { bandwidth: true } },
    ],
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory).toSorted()).toEqual([WRITTEN_NAME, NAME]);
});

test("a file that is as it must be is not touched; a changed or missing one is written again", () => {
  const { settings, places, path } = hosts.make();
  const write = () => writeCniConfig(settings, {}, places).written;
  write();
  const { ino, mtimeMs } = statSync(path);
  expect(write()).toEqual([]);
  expect(statSync(path)).toMatchObject({ ino, mtimeMs });
  writeFileSync(path, "{}");
  expect(write()).toEqual([path]);
  rmSync(path);
  expect(write()).toEqual([path]);
  expect(write()).toEqual([]);
});

test("whoever reads it meanwhile has the old one, whole; what a crash left is no obstacle", () => {
  const { settings, places, directory, path } = hosts.make();
  writeFileSync(path, "old");
  symlinkSync("/nonexistent", join(directory, `.${NAME}.tortie-new`));
  const reader = openSync(path, "r");
  expect(writeCniConfig(settings, {}, places).written).toEqual([path]);
  expect(readdirSync(directory).toSorted()).toEqual([WRITTEN_NAME, NAME]);
  expect(readFileSync(reader, "utf8")).toBe("old");
  closeSync(reader);
});

test("without a template nothing is written", () => {
  const { settings, places, directory } = hosts.make({ cniNetworkConfig: undefined });
  expect(writeCniConfig(settings, POD, places)).toEqual({ conditions: [], written: [], removed: [] });
  expect(readdirSync(directory)).toEqual([]);
});

test("a template in a file comes before the variable; a missing one is named", () => {
  const file = join(hosts.folder, "template");
  writeFileSync(file, '{"name": "x", "type": "tortie", "ipam": {"type": "host-local"}}');
  const host = hosts.make({ cniNetworkConfigFile: file, cniConfigName: "10-calico.conf" });
  expect(writeCniConfig(host.settings, POD, host.places).written).toEqual([host.path]);
  expect(JSON.parse(readFileSync(host.path, "utf8"))).toMatchObject({ name: "x", type: "tortie" });
  expect(refusal(hosts.make({ cniNetworkConfigFile: "/nonexistent/x" }))).toBe(
    `${NOT_WRITTEN}CNI_NETWORK_CONFIG_FILE names /nonexistent/x, which cannot be read (ENOENT)`,
  );
});

test("the template of 2016 is filled as its installer did, and named as it did", () => {
  const host = hosts.make({
    cniConfigName: undefined,
    cniNetworkConfig: JSON.stringify({
      name: "k8s-pod-network",
      type: "calico",
      log_level: "debug",
      datastore_type: "kubernetes",
      hostname: "__KUBERNETES_NODE_NAME__",
      ipam: { type: "host-local", subnet: "usePodCidr" },
      policy: { type: "k8s", k8s_auth_token: "__SERVICEACCOUNT_TOKEN__" },
      kubernetes: {
        k8s_api_root: "https://__KUBERNETES_SERVICE_HOST__:__KUBERNETES_SERVICE_PORT__",
        kubeconfig: "__KUBECONFIG_FILEPATH__",
      },
    }),
  });
  const path = join(host.directory, "10-calico.conf");
  const { settings, places, directory } = host;
  const kubeconfig = join(directory, "calico-kubeconfig");
  const environment = { ...POD, KUBERNETES_SERVICE_HOST: "fd00::1" };
  expect(writeCniConfig(settings, environment, places).written).toEqual([kubeconfig, path]);
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
    hostname: "n-1",
    policy: { k8s_auth_token: "secret" },
    kubernetes: { k8s_api_root: "https://[fd00::1]:443", kubeconfig: "/etc/cni/net.d/calico-kubeconfig" },
  });
  expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
  expect(Bun.YAML.parse(readFileSync(kubeconfig, "utf8"))).toMatchObject({
    clusters: [{ cluster: { server: "https://[fd00::1]:443", "certificate-authority-data": btoa("PEM\n") } }],
    users: [{ user: { token: "secret" } }],
    "current-context": "calico-context",
  });
  writeFileSync(join(places.accountDirectory, "token"), "newer");
  expect(writeCniConfig(settings, environment, places).written).toEqual([kubeconfig, path]);
});

test("values cannot break out of their quotes, and stand for nothing themselves", () => {
  const cniNetworkConfig =
    '{"name": "x", "plugins": [{"type": "calico", "ipam": {"type": "host-local"}, "log_level": "__LOG_LEVEL__"}]}';
  const { settings, places, path } = hosts.make({ cniNetworkConfig });
  const LOG_LEVEL = '", "type": "__CNI_MTU__';
  writeCniConfig(settings, { LOG_LEVEL }, places);
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ plugins: [{ log_level: LOG_LEVEL }] });
});

test("a directory that cannot be written is named", () => {
  const { settings, places, path } = hosts.make({ cniConfigName: `${"x".repeat(246)}.conflist` });
  // Longer by its prefix than any file system's names.
  expect(writeCniConfig(settings, {}, places).conditions).toEqual([
    {
      kind: "failure",
      text:
        `the CNI configuration ${path} cannot be written (ENAMETOOLONG); let the agent write to the host's directory, or ` +
        "name another one with CNI_NET_DIR",
    },
  ]);
});

test("the old configuration goes after the new one is there, and never the new one itself", () => {
  const host = hosts.make({ cniOldConfigName: "10-old.conflist" });
  const old = join(host.directory, "10-old.conflist");
  writeFileSync(old, "{}");
  expect(writeCniConfig(host.settings, {}, host.places)).toEqual({
    conditions: [],
    written: [host.path],
    removed: [old],
  });
  expect(readdirSync(host.directory).toSorted()).toEqual([WRITTEN_NAME, NAME]);
  const settings = { ...host.settings, cniOldConfigName: NAME };
  expect(writeCniConfig(settings, {}, host.places)).toEqual({ conditions: [], written: [], removed: [] });
  writeFileSync(old, "{}");
  const refused = { ...host.settings, cniNetworkConfig: "{" };
  expect(writeCniConfig(refused, {}, host.places).removed).toEqual([]);
});

test("a configuration that runtimes take before ours is named", () => {
  const { settings, places, directory } = hosts.make();
  writeFileSync(join(directory, "05-flannel.conflist"), "{}");
  writeFileSync(join(directory, "05-notes.txt"), "");
  writeFileSync(join(directory, "20-late.conf"), "{}");
  expect(writeCniConfig(settings, {}, places).conditions).toEqual([
    {
      kind: "failure",
      text:
        `in ${directory}, 05-flannel.conflist comes before ${NAME}: runtimes take the first one only, so other plugins wire ` +
        "new pods; remove it, or set CNI_CONF_NAME to an earlier name",
    },
  ]);
});

test("the host's directory is the one of CNI_NET_DIR, the one of Calico's manifests, or CNI_NET_DIR itself", () => {
  const own = join(hosts.folder, "own/net.d");
  const { settings, places, directory, path } = hosts.make({ cniNetDirectory: own });
  const mounted = join(places.hostRoot, own);
  const write = () => writeCniConfig(settings, {}, places).written;
  expect(write()).toEqual([path]);
  mkdirSync(mounted, { recursive: true });
  expect(write()).toEqual([join(mounted, NAME)]);
  rmSync(mounted, { recursive: true });
  rmSync(directory, { recursive: true });
  // Outside of a container it is made.
  expect(write()).toEqual([join(own, NAME)]);
});
