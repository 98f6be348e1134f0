import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { HOST_ROOT, isDirectory } from "../handshake/cni-files.ts";
import { InstallError, reasonOf } from "./install-error.ts";

/** As runtimes look for them unless they are told otherwise. */
const BIN_DIRECTORY = "/opt/cni/bin";

/** As Debian's containerd looks for them. */
const DEBIAN_DIRECTORY = "/usr/lib/cni";

/** Where the host's plugins may be, seen from a container as Calico's manifests mount them. */
function mountedBinDirectories(mounted: string = HOST_ROOT): readonly string[] {
  return [join(mounted, BIN_DIRECTORY), join(mounted, "secondary-bin-dir")].filter(isDirectory);
}

/** Where plugins of this node are: the host's directories as a container has them, else the usual ones. */
export function presentBinDirectories(
  given: readonly string[],
  { mounted = HOST_ROOT, root = "/" }: { readonly mounted?: string; readonly root?: string } = {},
): readonly string[] {
  if (given.length > 0) return given.filter(isDirectory);
  const usual = (below: string): string[] =>
    [BIN_DIRECTORY, DEBIAN_DIRECTORY].map((path) => join(below, path)).filter(isDirectory);
  const inHost = [...new Set([...mountedBinDirectories(mounted), ...usual(mounted)])];
  return inHost.length > 0 ? inHost : usual(root);
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function make(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true });
    return directory;
  } catch (error) {
    throw new InstallError(
      `could not make ${directory} (${reasonOf(error)}); run as root, or name another directory with --bin-dir`,
    );
  }
}

/** Where to install to: all of those that were named, or all mounted ones that can be written. Throws InstallError. */
export function targetDirectories(given: readonly string[], mounted: string = HOST_ROOT): readonly string[] {
  if (given.length > 0) return given.map(make);
  const found = mountedBinDirectories(mounted);
  if (found.length === 0) return [make(BIN_DIRECTORY)];
  const writable = found.filter(isWritable);
  if (writable.length > 0) return writable;
  throw new InstallError(`found no writable directory among ${found.join(", ")}; mount one of them writable`);
}
