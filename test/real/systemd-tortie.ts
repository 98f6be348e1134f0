import { copyFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtExecutable } from "./machine/plugin/built.ts";
import type { SystemdHost } from "./systemd-host.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Puts the executable, the units and their settings where docs/install.md says. */
export async function installUnit(host: SystemdHost): Promise<void> {
  const place = (from: string, to: string): void => {
    mkdirSync(join(host.root, to, ".."), { recursive: true });
    copyFileSync(from, join(host.root, to));
  };
  place(await builtExecutable(), "usr/local/bin/tortie");
  for (const unit of ["tortie.service", "tortie-ready.service"])
    place(join(ROOT, "deploy/systemd", unit), `etc/systemd/system/${unit}`);
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

/** Puts what docs/install.md installs from into the same place of the host: the built executable, deploy and examples. */
export async function copyRepository(host: SystemdHost): Promise<void> {
  const there = join(host.root, ROOT);
  mkdirSync(join(there, "dist"), { recursive: true });
  copyFileSync(await builtExecutable(), join(there, "dist/tortie"));
  for (const directory of ["deploy", "examples"])
    cpSync(join(ROOT, directory), join(there, directory), { recursive: true });
}
