import { closeSync, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { PodLinkError } from "./pod-link-error.ts";

/** One of the kernel's settings: its path under /proc/sys/net, and what is to stand there. */
export type Setting = readonly [path: string, value: string];

const SETTINGS_DIRECTORY = "/proc/sys/net";

/** Whether the kernel speaks IPv6 at all (it does not with `ipv6.disable=1`). */
export function kernelHasIpv6(directory: string = SETTINGS_DIRECTORY): boolean {
  return existsSync(`${directory}/ipv6`);
}

function write(path: string, value: string): void {
  // Not made where it is missing: only the kernel makes settings.
  const fd = openSync(path, "r+");
  try {
    writeSync(fd, value);
  } finally {
    closeSync(fd);
  }
}

/** In the network namespace that the calling thread is in. Throws PodLinkError. */
export function writeSettings(settings: readonly Setting[], directory: string = SETTINGS_DIRECTORY): void {
  for (const [path, value] of settings) {
    try {
      write(`${directory}/${path}`, value);
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      const missing = code === "EPERM" || code === "EACCES" || code === "EROFS";
      throw new PodLinkError(
        missing ? "notPermitted" : "refused",
        {
          tried: `set ${path} to ${value}`,
          found: message,
          next: missing
            ? "the plugin must run as root, with /proc/sys writable"
            : "is the interface still there?",
        },
        error,
      );
    }
  }
}

/** What stands there now; undefined: there is no such setting. */
export function readSetting(path: string, directory: string = SETTINGS_DIRECTORY): string | undefined {
  try {
    return readFileSync(`${directory}/${path}`, "utf8").trim();
  } catch {
    return undefined;
  }
}
