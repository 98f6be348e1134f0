import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "./machine.ts";
import { type PluginProgramName, program } from "./programs.ts";

/** Puts plugins of containernetworking where the runtime looks for them. */
export function installPlugins(
  machine: Machine,
  names: readonly PluginProgramName[],
  directory = "/opt/cni/bin",
): void {
  const to = join(machine.root, directory);
  mkdirSync(to, { recursive: true });
  for (const name of names) cpSync(program(name), join(to, name), { dereference: true });
}

/** Writes what the runtime reads about its network; containerd notices by itself. */
export function writeNetwork(
  machine: Machine,
  configuration: unknown,
  name = "10-test.conflist",
  directory = "/etc/cni/net.d",
): void {
  const to = join(machine.root, directory);
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, name), JSON.stringify(configuration));
}
