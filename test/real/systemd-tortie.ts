import { copyFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtExecutable } from "./machine/plugin/built.ts";
import type { SystemdHost } from "./systemd-host.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Puts the executable, the unit and its settings where docs/install.md says. */
export async function installUnit(host: SystemdHost): Promise<void> {
  const place = (from: string, to: string): void => {
    mkdirSync(join(host.root, to, ".."), { recursive: true });
    copyFileSync(from, join(host.root, to));
  };
  place(await builtExecutable(), "usr/local/bin/tortie");
  place(join(ROOT, "deploy/systemd/tortie.service"), "etc/systemd/system/tortie.service");
  place(join(ROOT, "deploy/systemd/tortie.env"), "etc/tortie/tortie.env");
  cpSync(join(ROOT, "examples/host/manifests"), join(host.root, "etc/tortie/manifests"), { recursive: true });
  await host.run("chmod", "755", "/usr/local/bin/tortie");
  await host.run("systemctl", "daemon-reload");
}

/** Settings of the unit in place of those it has; they hold from the next start. */
export function writeSettings(host: SystemdHost, settings: Readonly<Record<string, string>>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(host.root, "etc/tortie/tortie.env"), lines.join(""));
}
