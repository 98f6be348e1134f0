import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readUninstallOptions } from "../../install/uninstall-options.ts";
import { NEUTRAL, WIRED } from "./platforms.ts";
import { DEPLOY, type ManifestObject } from "./test-manifests.ts";

const OVERLAYS = join(DEPLOY, "kustomize/overlays");

interface Kustomization {
  readonly bases?: readonly string[];
  readonly resources?: readonly string[];
  readonly patchesStrategicMerge?: readonly string[];
}

test.each(readdirSync(OVERLAYS))("%s: names files that are there, and says what it is for", (name) => {
  const directory = join(OVERLAYS, name);
  const text = readFileSync(join(directory, "kustomization.yaml"), "utf8");
  const { bases = [], resources = [], patchesStrategicMerge = [] } = Bun.YAML.parse(text) as Kustomization;
  for (const file of [...bases, ...resources, ...patchesStrategicMerge])
    expect([file, existsSync(join(directory, file))]).toEqual([file, true]);
  const platforms = [...WIRED, ...NEUTRAL].map((platform) => platform.name);
  expect(text.replaceAll("\n# ", " ").includes("Not tried:")).toBe(platforms.includes(name));
});

test("where nothing was mounted, uninstall.yaml mounts nothing", () => {
  const text = readFileSync(join(OVERLAYS, "policy-only/uninstall.yaml"), "utf8");
  const pod = (Bun.YAML.parse(text) as ManifestObject).spec?.template.spec;
  expect(pod?.initContainers?.map(({ command }) => command)).toEqual([["tortie", "uninstall"]]);
  expect(JSON.stringify(pod)).not.toMatch(/volume/i);
});

test.each(WIRED.map((platform) => [platform.name, platform] as const))(
  "%s: uninstall.yaml looks into its directories",
  (name, { directories: { net, bin } }) => {
    const text = readFileSync(join(OVERLAYS, name, "uninstall.yaml"), "utf8");
    const pod = (Bun.YAML.parse(text) as ManifestObject).spec?.template.spec;
    const paths = (pod?.volumes ?? []).map(({ hostPath }) => hostPath?.path ?? "");
    expect(paths).toEqual(["/run/tortie", "/var/lib/calico", net, bin]);
    for (const { command, env = [], volumeMounts = [] } of [
      ...(pod?.initContainers ?? []),
      ...(pod?.containers ?? []),
    ]) {
      const environment = Object.fromEntries(env.map(({ name: key, value }) => [key, value]));
      const asked = readUninstallOptions(command.slice(2), environment);
      // It is not there where this test runs, and so known by its name.
      expect(asked).toMatchObject({ kind: "options", options: { missing: [`/host${bin} (--bin-dir)`] } });
      expect(JSON.stringify(asked)).toContain(`"/host${net}"`);
      const places = volumeMounts.map(({ mountPath }) => mountPath);
      expect(places).toEqual(["/run/tortie", "/var/lib/calico", `/host${net}`, `/host${bin}`]);
    }
  },
);
