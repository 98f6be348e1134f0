import { type Ending, endingOfCut, endingOfError, endingOfStatus } from "./ending.ts";
import { Exchange } from "./exchange.ts";
import type { Reading } from "./reading-state.ts";
import { queryOf } from "./server-traits.ts";
import { asked } from "./watched-resource.ts";

/**
 * Asks whether the server has come as far as the last version seen. A watch from a version of the future is silent, so
 * an etcd that was restored from a backup is noticed no other way.
 */
export async function checkVersion(reading: Reading<unknown>): Promise<Ending> {
  const { client, resource, pace, traits, version } = reading;
  if (version === undefined) return { kind: "current" };
  using exchange = new Exchange(reading);
  const query = {
    ...queryOf(traits, resource),
    limit: "1",
    resourceVersion: version,
    resourceVersionMatch: "NotOlderThan",
  };
  try {
    const status = await exchange.open({ path: resource.path, query }, asked("list", resource));
    if (status !== undefined) return endingOfStatus(status);
    // One object: read, so that the connection can be used again.
    const late = { at: performance.now() + pace.longestAnswer, ring: "late" } as const;
    while ((await exchange.read(() => [late])) !== undefined);
    return { kind: "current" };
  } catch (error) {
    return exchange.cut === undefined
      ? endingOfError(error, client.server)
      : endingOfCut(exchange.cut, client.server);
  }
}
