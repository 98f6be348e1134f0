import type { ApiCall } from "./api-session.ts";
import type { TimedAnswer } from "./call-process.ts";
import { LAST_STORED } from "./stage.ts";
import type { TalkingProcess } from "./talking-process.ts";

async function get(
  calls: TalkingProcess<ApiCall, TimedAnswer>,
  path: string,
): Promise<{ readonly status: number; readonly version: string; readonly text: string }> {
  calls.ask({ method: "GET", path });
  const { status, text } = await calls.next();
  const { metadata } = JSON.parse(text) as { readonly metadata?: { readonly resourceVersion?: string } };
  return { status, version: metadata?.resourceVersion ?? "", text };
}

/** What was put into etcd behind the API server's back comes to its cache by watches of its own, and its watches serve that. */
export async function untilCached(calls: TalkingProcess<ApiCall, TimedAnswer>): Promise<void> {
  for (const path of LAST_STORED) {
    // Without a version etcd answers, with one the cache, once it has come so far.
    const stored = await get(calls, path);
    if (stored.status !== 200) throw new Error(`${path}: ${stored.status} ${stored.text}`);
    for (;;) {
      const { status, text } = await get(calls, `${path}?resourceVersion=${stored.version}`);
      if (status === 200) break;
      // Objects of one transaction have one version, and come one by one.
      if (status !== 404 && !text.includes("Too large resource version"))
        throw new Error(`${path}: ${status} ${text}`);
    }
  }
}
