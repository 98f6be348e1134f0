import { afterAll, expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CniConfigPlaces, type CniConfigSettings, writeCniConfig } from "./cni-config.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-cni-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TEMPLATE = readFileSync(new URL("../deploy/cni-network-config.template", import.meta.url), "utf8");
const POD = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };
const NAME = "10-calico.conflist";

interface Host {
  readonly settings: CniConfigSettings;
  readonly places: Required<CniConfigPlaces>;
  /** Where the host has its configuration. */
  readonly directory: string;
  readonly path: string;
}

let hosts = 0;

/** A container with a host of its own. */
function makeHost(changes: Partial<CniConfigSettings> = {}): Host {
  const root = join(folder, String(hosts++));
  const places = { hostRoot: join(root, "host"), accountDirectory: join(root, "account") };
  const directory = join(places.hostRoot, "etc/cni/net.d");
  mkdirSync(directory, { recursive: true });
  mkdirSync(places.accountDirectory);
  writeFileSync(join(places.accountDirectory, "token"), "secret\n");
  writeFileSync(join(places.accountDirectory, "ca.crt"), "PEM\n");
  const settings: CniConfigSettings = {
    cniConfigName: NAME,
    cniMtu: 1450,
    cniNetDirectory: "/etc/cni/net.d",
    cniNetworkConfig: TEMPLATE,
    cniNetworkConfigFile: undefined,
    cniOldConfigName: undefined,
    datastoreType: "kubernetes",
    manageCni: true,
    nodeName: "n-1",
    ...changes,
  };
  return { settings, places, directory, path: join(directory, settings.cniConfigName) };
}

/** The only failure there is; nothing was written. */
function refusal(host: Host, environment: Record<string, string> = POD): string {
  const { conditions, written } = writeCniConfig(host.settings, environment, host.places);
  expect(written).toEqual([]);
  expect(readdirSync(host.directory)).toEqual([]);
  expect(conditions.map(({ kind }) => kind)).toEqual(["failure"]);
  return conditions[0]?.text ?? "";
}

const NOT_WRITTEN = `the CNI configuration ${NAME} is not written: `;

test("the template of deploy/ is filled and written for root alone", () => {
  const { settings, places, directory, path } = makeHost();
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
  expect(readdirSync(directory)).toEqual([NAME]);
});

test("a file that is as it must be is not touched; a changed or missing one is written again", () => {
  const { settings, places, path } = makeHost();
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
  const { settings, places, directory, path } = makeHost();
  writeFileSync(path, "old");
  symlinkSync("/nonexistent", join(directory, `.${NAME}.tortie-new`));
  const reader = openSync(path, "r");
  expect(writeCniConfig(settings, {}, places).written).toEqual([path]);
  expect(readdirSync(directory)).toEqual([NAME]);
  expect(readFileSync(reader, "utf8")).toBe("old");
  closeSync(reader);
});

test("without a template nothing is written", () => {
  const { settings, places, directory } = makeHost({ cniNetworkConfig: undefined });
  expect(writeCniConfig(settings, POD, places)).toEqual({ conditions: [], written: [], removed: [] });
  expect(readdirSync(directory)).toEqual([]);
});

test("a template in a file comes before the variable; a missing one is named", () => {
  const file = join(folder, "template");
  writeFileSync(file, '{"name": "x", "type": "tortie"}');
  const host = makeHost({ cniNetworkConfigFile: file, cniConfigName: "10-calico.conf" });
  expect(writeCniConfig(host.settings, POD, host.places).written).toEqual([host.path]);
  expect(JSON.parse(readFileSync(host.path, "utf8"))).toEqual({ name: "x", type: "tortie" });
  expect(refusal(makeHost({ cniNetworkConfigFile: "/nonexistent/x" }))).toBe(
    `${NOT_WRITTEN}CNI_NETWORK_CONFIG_FILE names /nonexistent/x, which cannot be read (ENOENT)`,
  );
});

test("a template of 2016 is filled as its installer did", () => {
  const host = makeHost({
    cniConfigName: "10-calico.conf",
    cniNetworkConfig: JSON.stringify({
      name: "k8s-pod-network",
      type: "calico",
      hostname: "__KUBERNETES_NODE_NAME__",
      policy: { type: "k8s", k8s_auth_token: "__SERVICEACCOUNT_TOKEN__" },
      kubernetes: {
        k8s_api_root: "https://__KUBERNETES_SERVICE_HOST__:__KUBERNETES_SERVICE_PORT__",
        kubeconfig: "__KUBECONFIG_FILEPATH__",
      },
    }),
  });
  const { settings, places, path, directory } = host;
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
  const cniNetworkConfig = '{"name": "x", "plugins": [{"type": "calico", "log_level": "__LOG_LEVEL__"}]}';
  const { settings, places, path } = makeHost({ cniNetworkConfig });
  const LOG_LEVEL = '", "type": "__CNI_MTU__';
  writeCniConfig(settings, { LOG_LEVEL }, places);
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ plugins: [{ log_level: LOG_LEVEL }] });
});

const PLUGIN = '{"name": "x", "type": "calico"}';

test.each([
  ["{", "with its placeholders filled, it is not JSON (JSON Parse error: Expected '}')"],
  ["[]", "with its placeholders filled, it is no JSON object"],
  [
    '{"plugins": [{"type": "calico"}]}',
    "with its placeholders filled, it names no network: `name` must be letters, digits, '_', '.' and '-'",
  ],
  [
    '{"name": "a/b", "plugins": [{"type": "calico"}]}',
    "with its placeholders filled, it names no network: `name` must be letters, digits, '_', '.' and '-', and is \"a/b\"",
  ],
  ['{"name": "x"}', "with its placeholders filled, it has neither `plugins` nor the `type` of a single one"],
  [
    '{"name": "x", "plugins": [{}]}',
    "with its placeholders filled, `plugins` must be a list of objects that each have a `type`",
  ],
  [
    '{"name": "x", "plugins": []}',
    "with its placeholders filled, `plugins` must be a list of objects that each have a `type`",
  ],
  [
    '{"name": "x", "plugins": [{"type": "flannel"}, {"type": "portmap"}]}',
    "it calls flannel, portmap, and no plugin `calico` or `tortie`, so pods would get no policy",
  ],
  [
    PLUGIN,
    `the template is a single plugin, and ${NAME} (CNI_CONF_NAME) is the name of a list; set CNI_CONF_NAME to a name that ` +
      "ends in .conf, or give the template `plugins`",
  ],
  [
    '{"name": "x", "type": "calico", "etcd_endpoints": "__ETCD_ENDPOINTS__"}',
    "__ETCD_ENDPOINTS__ stands in it, and the plugin reads no etcd; take the field out of the template",
  ],
  [
    "__KUBERNETES_SERVICE_PORT__",
    "__KUBERNETES_SERVICE_PORT__ stands in it, and KUBERNETES_SERVICE_PORT is not set, as it is in every pod; set it, or " +
      "take it out of the template: the plugin talks to the agent only",
  ],
  [
    "__KUBECONFIG_FILENAME__",
    'with its placeholders filled, it is not JSON (JSON Parse error: Unexpected identifier "calico")',
  ],
])("the template %s is refused", (cniNetworkConfig, why) => {
  expect(refusal(makeHost({ cniNetworkConfig }), {})).toBe(NOT_WRITTEN + why);
});

test("a placeholder that nobody knows is named, with all that are known", () => {
  expect(refusal(makeHost({ cniNetworkConfig: "__CNI_MTUU__" }))).toStartWith(
    `${NOT_WRITTEN}nobody knows what __CNI_MTUU__ in it stands for; known are __KUBERNETES_NODE_NAME__, `,
  );
});

test("names that runtimes do not read, or read as something else, are refused", () => {
  expect(refusal(makeHost({ cniConfigName: "10-calico.conf" }))).toBe(
    "the CNI configuration 10-calico.conf is not written: the template is a list of plugins, and 10-calico.conf " +
      "(CNI_CONF_NAME) is the name of a single one; set CNI_CONF_NAME to a name that ends in .conflist",
  );
  expect(refusal(makeHost({ cniConfigName: "calico" }))).toBe(
    "the CNI configuration calico is not written: no runtime reads a file of the name calico (CNI_CONF_NAME); give it the " +
      "ending .conflist, or .conf for a single plugin",
  );
});

test("a template where another plugin wires the pods is a contradiction", () => {
  expect(refusal(makeHost({ manageCni: false }))).toBe(
    `${NOT_WRITTEN}CALICO_MANAGE_CNI is false, which says that another plugin wires the pods; set it to true, or give no ` +
      "template (CNI_NETWORK_CONFIG, CNI_NETWORK_CONFIG_FILE)",
  );
});

test("a kubeconfig needs an account", () => {
  const cniNetworkConfig = '{"name": "x", "type": "calico", "k": "__KUBECONFIG_FILEPATH__"}';
  const host = makeHost({ cniNetworkConfig, cniConfigName: "10-calico.conf" });
  const start = "the CNI configuration 10-calico.conf is not written: it ";
  expect(refusal(host, {})).toStartWith(`${start}names a kubeconfig, and KUBERNETES_SERVICE_HOST or `);
  const path = join(host.places.accountDirectory, "token");
  rmSync(path);
  const next =
    "let the pod mount it, or take the token and the kubeconfig out of the template: the plugin needs neither";
  expect(refusal(host)).toBe(
    `${start}needs the service account's token, and ${path} cannot be read (ENOENT); ${next}`,
  );
  writeFileSync(path, "\n");
  expect(refusal(host)).toBe(`${start}needs the service account's token, and ${path} is empty`);
});

test("a directory that cannot be written is named", () => {
  const { settings, places, path } = makeHost({ cniConfigName: `${"x".repeat(246)}.conflist` });
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
  const host = makeHost({ cniOldConfigName: "10-old.conflist" });
  const old = join(host.directory, "10-old.conflist");
  writeFileSync(old, "{}");
  expect(writeCniConfig(host.settings, {}, host.places)).toEqual({
    conditions: [],
    written: [host.path],
    removed: [old],
  });
  expect(readdirSync(host.directory)).toEqual([NAME]);
  const settings = { ...host.settings, cniOldConfigName: NAME };
  expect(writeCniConfig(settings, {}, host.places)).toEqual({ conditions: [], written: [], removed: [] });
  writeFileSync(old, "{}");
  const refused = { ...host.settings, cniNetworkConfig: "{" };
  expect(writeCniConfig(refused, {}, host.places).removed).toEqual([]);
});

test("a configuration that runtimes take before ours is named", () => {
  const { settings, places, directory } = makeHost();
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
  const own = join(folder, "own/net.d");
  const { settings, places, directory, path } = makeHost({ cniNetDirectory: own });
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
