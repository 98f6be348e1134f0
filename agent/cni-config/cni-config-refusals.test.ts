import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NAME, NOT_WRITTEN, openHosts, refusal } from "./test-host.ts";

const hosts = openHosts();
afterAll(() => hosts[Symbol.dispose]());

const PLUGIN = '{"name": "x", "type": "calico", "ipam": {"type": "host-local"}}';

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
  expect(refusal(hosts.make({ cniNetworkConfig }), {})).toBe(NOT_WRITTEN + why);
});

test("a placeholder that nobody knows is named, with all that are known", () => {
  expect(refusal(hosts.make({ cniNetworkConfig: "__CNI_MTUU__" }))).toStartWith(
    `${NOT_WRITTEN}nobody knows what __CNI_MTUU__ in it stands for; known are __KUBERNETES_NODE_NAME__, `,
  );
});

test("names that runtimes do not read, or read as something else, are refused", () => {
  expect(refusal(hosts.make({ cniConfigName: "10-calico.conf" }))).toBe(
    "the CNI configuration 10-calico.conf is not written: the template is a list of plugins, and 10-calico.conf " +
      "(CNI_CONF_NAME) is the name of a single one; set CNI_CONF_NAME to a name that ends in .conflist",
  );
  expect(refusal(hosts.make({ cniConfigName: "calico" }))).toBe(
    "the CNI configuration calico is not written: no runtime reads a file of the name calico (CNI_CONF_NAME); give it the " +
      "ending .conflist, or .conf for a single plugin",
  );
});

test("a template where another plugin wires the pods is a contradiction", () => {
  expect(refusal(hosts.make({ manageCni: false }))).toBe(
    `${NOT_WRITTEN}CALICO_MANAGE_CNI is false, which says that another plugin wires the pods; set it to true, or give no ` +
      "template (CNI_NETWORK_CONFIG, CNI_NETWORK_CONFIG_FILE)",
  );
});

test("a kubeconfig needs an account", () => {
  const cniNetworkConfig = PLUGIN.replace("}}", '}, "k": "__KUBECONFIG_FILEPATH__"}');
  const host = hosts.make({ cniNetworkConfig, cniConfigName: "10-calico.conf" });
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
