import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isWrittenConfig, readWrittenConfigs, WRITTEN_NAME } from "../../handshake/written-configs.ts";
import { type Host, NAME, NOT_WRITTEN, openHosts, POD, refusal } from "./test-host.ts";
import { writeCniConfig } from "./cni-config.ts";

const hosts = openHosts();
afterAll(() => hosts[Symbol.dispose]());

const IPAM = { type: "host-local", subnet: "usePodCidr" };

function template(changes: Readonly<Record<string, unknown>>, cniVersion: unknown = "1.0.0"): string {
  return JSON.stringify({ name: "x", cniVersion, plugins: [{ type: "calico", ipam: IPAM, ...changes }] });
}

test.each([
  [
    template({ ipam: { type: "calico-ipam" } }),
    'the plugin would refuse it: ipam.type is "calico-ipam", which is not supported; set ipam to { type: host-local, ' +
      "subnet: usePodCidr }",
  ],
  [
    template({}, "9.0.0"),
    'the plugin would refuse it: cniVersion is "9.0.0", which is not spoken here; set cniVersion to one of 0.1.0, 0.2.0, ' +
      "0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0",
  ],
  [
    template({ mtu: "1500" }),
    'the plugin would refuse it: mtu is "1500"; expected 0 or a whole number from 68 to 65535; mend the network\'s ' +
      "configuration in /etc/cni/net.d, or the template that the agent writes it from",
  ],
  [
    template({ ipMasq: true }),
    "the plugin would refuse it: ipMasq is true, which is not supported; give the agent a pool with nat-outgoing instead " +
      "(CALICO_IPV4POOL_CIDR), and take it out",
  ],
  [
    template({ run_dir: "/run/elsewhere" }),
    "its plugin would look for the agent in /run/elsewhere (run_dir), and the agent is in /run/tortie " +
      "(TORTIE_RUNDIRECTORY); give both the same directory",
  ],
])("what our plugin would refuse is not written: %s", (cniNetworkConfig, why) => {
  expect(refusal(hosts.make({ cniNetworkConfig }))).toBe(NOT_WRITTEN + why);
});

test("a run_dir that is the agent's is no contradiction, and none is one where the agent has its own", () => {
  const both = hosts.make({ cniNetworkConfig: template({ run_dir: "/run/x/" }), runDirectory: "/run/x" });
  expect(writeCniConfig(both.settings, POD, both.places).conditions).toEqual([]);
  expect(refusal(hosts.make({ cniNetworkConfig: template({}), runDirectory: "/run/x" }))).toStartWith(
    `${NOT_WRITTEN}its plugin would look for the agent in /run/tortie (run_dir), and the agent is in /run/x`,
  );
});

test("what other plugins of the list are given is theirs to judge", () => {
  const list = {
    name: "x",
    plugins: [
      { type: "tortie", ipam: IPAM },
      { type: "other", mtu: "y", ipMasq: true },
    ],
  };
  const { settings, places } = hosts.make({ cniNetworkConfig: JSON.stringify(list) });
  expect(writeCniConfig(settings, POD, places).conditions).toEqual([]);
});

test("without CNI_CONF_NAME the name is of the template's kind", () => {
  const cniNetworkConfig = JSON.stringify({ name: "x", type: "calico", ipam: IPAM });
  const single = hosts.make({ cniConfigName: undefined, cniNetworkConfig });
  const list = hosts.make({ cniConfigName: undefined });
  const written = ({ settings, places }: Host) => writeCniConfig(settings, POD, places).written;
  expect(written(single)).toEqual([join(single.directory, "10-calico.conf")]);
  expect(written(list)).toEqual([join(list.directory, NAME)]);
  expect(refusal(hosts.make({ cniConfigName: undefined, cniNetworkConfig: "{" }))).toStartWith(
    "the CNI configuration is not written: with its placeholders filled",
  );
});

test("a pod that has nothing of the host's directory writes nothing, and says what to mount", () => {
  const missing = join(hosts.folder, "missing/net.d");
  const { settings, places, directory } = hosts.make({ cniNetDirectory: missing });
  rmSync(directory, { recursive: true });
  const text = `${NOT_WRITTEN}the host's ${missing} (CNI_NET_DIR) is not mounted; mount it at ${places.hostRoot}/etc/cni/net.d`;
  const failure = { conditions: [{ kind: "failure", text }], written: [], removed: [] } as const;
  expect(writeCniConfig(settings, POD, places)).toEqual(failure);
  expect(readdirSync(hosts.folder)).not.toContain("missing");
  mkdirSync(directory);
  expect(writeCniConfig(settings, POD, places).conditions).toEqual([]);
});

test("a former configuration of ours that comes first is told from another plugin's", () => {
  const { settings, places, directory } = hosts.make({ cniConfigName: "10-canal.conflist" });
  writeFileSync(join(directory, "10-calico.conf"), '{"name": "x", "type": "calico"}');
  writeFileSync(join(directory, "05-flannel.conflist"), "{}");
  const first = (name: string): string => `in ${directory}, ${name} comes before 10-canal.conflist`;
  const look = () => writeCniConfig(settings, {}, places).conditions.map(({ text }) => text);
  expect(look()).toEqual([
    `${first("05-flannel.conflist")}: runtimes take the first one only, so other plugins wire new pods; remove it, or set ` +
      "CNI_CONF_NAME to an earlier name",
    `${first("10-calico.conf")}, and runtimes take the first one only: an older configuration of this plugin; set ` +
      "CNI_OLD_CONF_NAME=10-calico.conf, or remove it",
  ]);
  rmSync(join(directory, "05-flannel.conflist"));
  const old = { ...settings, cniOldConfigName: "10-calico.conf" };
  expect(writeCniConfig(old, {}, places).conditions).toEqual([]);
});

test("it notes what it wrote beside it, for as long as the file is there", () => {
  const { settings, places, directory, path } = hosts.make();
  writeCniConfig(settings, {}, places);
  const text = readFileSync(path, "utf8");
  expect(isWrittenConfig(readWrittenConfigs(directory), NAME, text)).toBe(true);
  expect(isWrittenConfig(readWrittenConfigs(directory), NAME, `${text} `)).toBe(false);
  expect(isWrittenConfig(readWrittenConfigs(directory), "other", text)).toBe(false);
  const renamed = { ...settings, cniConfigName: "20-late.conflist" };
  writeCniConfig(renamed, {}, places);
  expect([...readWrittenConfigs(directory).keys()]).toEqual([NAME, "20-late.conflist"]);
  rmSync(path);
  rmSync(join(directory, "20-late.conflist"));
  writeFileSync(join(directory, WRITTEN_NAME), `${readFileSync(join(directory, WRITTEN_NAME), "utf8")}?`);
  writeCniConfig(renamed, {}, places);
  expect([...readWrittenConfigs(directory).keys()]).toEqual(["20-late.conflist"]);
});
