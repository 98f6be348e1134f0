import { readdirSync, readlinkSync } from "node:fs";

const OWN = "/proc/self/fd";

/** What this process has open, each as `NUMBER LINK`, for example `5 socket:[4711]`. */
export function openDescriptors(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const number of readdirSync(OWN)) {
    try {
      found.add(`${number} ${readlinkSync(`${OWN}/${number}`)}`);
    } catch {
      // The one by which the directory was read.
    }
  }
  return found;
}

/** What is open now and was not then. A count would not do: what other tests had open may be closed meanwhile. */
export function openedSince(before: ReadonlySet<string>): string[] {
  return [...openDescriptors()].filter((one) => !before.has(one));
}
