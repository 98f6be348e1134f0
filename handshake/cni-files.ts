import { statSync } from "node:fs";
import { join } from "node:path";

/** The `type`s of a CNI configuration that call our plugin. */
export const PLUGIN_NAMES: readonly string[] = ["calico", "tortie"];

export const KUBECONFIG_NAME = "calico-kubeconfig";
/** The first line of a kubeconfig of ours: Calico writes a file of the same name. */
export const KUBECONFIG_MARK = "# Kubeconfig file for Calico CNI plugin, written by tortie.";

/** Where a container has the host's files, as Calico's manifests mount them. */
export const HOST_ROOT = "/host";
export const NET_DIRECTORY = "/etc/cni/net.d";

/** What becomes `path` when it is whole: hidden, and with an ending that no runtime reads. */
export function unfinishedName(name: string): string {
  return `.${name}.tortie-new`;
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Whether it is a root directory, which has programs: a container's /host often holds mounted directories and nothing else,
 * such as /host/usr/lib/cni.
 */
export function looksLikeRoot(directory: string): boolean {
  return ["usr/bin", "bin"].some((name) => isDirectory(join(directory, name)));
}

/**
 * Where the host's CNI configuration is seen from here, the likeliest first. Calico's manifests mount whatever the host
 * calls `netDirectory` at /host/etc/cni/net.d.
 */
export function netDirectories(netDirectory: string, hostRoot: string = HOST_ROOT): readonly string[] {
  return [...new Set([join(hostRoot, netDirectory), join(hostRoot, NET_DIRECTORY), netDirectory])];
}
