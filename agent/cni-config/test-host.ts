import { expect } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeCniConfig } from "./cni-config.ts";
import type { CniConfigPlaces, CniConfigSettings } from "./wanted-cni-config.ts";

const TEMPLATE = readFileSync(new URL("../../deploy/cni-network-config.template", import.meta.url), "utf8");
/** What every pod's environment has. */
export const POD: Readonly<Record<string, string>> = {
  KUBERNETES_SERVICE_HOST: "10.96.0.1",
  KUBERNETES_SERVICE_PORT: "443",
};
export const NAME = "10-calico.conflist";

export interface Host {
  readonly settings: CniConfigSettings;
  readonly places: Required<CniConfigPlaces>;
  /** Where the host has its configuration. */
  readonly directory: string;
  readonly path: string;
}

/** Hosts of one test file, and a directory for whatever else it needs; all of it is removed at the end. */
export interface Hosts extends Disposable {
  readonly folder: string;
  /** A container with a host of its own. */
  make(changes?: Partial<CniConfigSettings>): Host;
}

export function openHosts(): Hosts {
  const folder = mkdtempSync(join(tmpdir(), "tortie-cni-config-"));
  let hosts = 0;
  return {
    folder,
    make: (changes = {}) => makeHost(join(folder, String(hosts++)), changes),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function makeHost(root: string, changes: Partial<CniConfigSettings>): Host {
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
    runDirectory: "/run/tortie",
    ...changes,
  };
  return { settings, places, directory, path: join(directory, settings.cniConfigName ?? NAME) };
}

/** The only failure there is; nothing was written. */
export function refusal(host: Host, environment: Readonly<Record<string, string>> = POD): string {
  const { conditions, written } = writeCniConfig(host.settings, environment, host.places);
  expect(written).toEqual([]);
  expect(readdirSync(host.directory)).toEqual([]);
  expect(conditions.map(({ kind }) => kind)).toEqual(["failure"]);
  return conditions[0]?.text ?? "";
}

export const NOT_WRITTEN: string = `the CNI configuration ${NAME} is not written: `;
