import { sendUnixDatagram } from "../native/unix-datagram.ts";
import type { Environment } from "../model/environment.ts";

export interface ServiceManagerOptions {
  /** NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, as sd_notify(3) and sd_watchdog_enabled(3) have them. */
  readonly environment: Environment;
  /** What liveness answers now. */
  readonly live: () => boolean;
  /** Sends a message to a unix socket. Default: really. */
  readonly send?: (path: string, message: string) => boolean;
}

/** How often one word is said within the time after which silence counts as death. */
const WORDS_WITHIN_TIMEOUT = 3;

/** Milliseconds; undefined: nobody watches this process. */
function watchdogTimeout(environment: Environment): number | undefined {
  const pid = environment["WATCHDOG_PID"];
  if (pid !== undefined && pid !== String(process.pid)) return undefined;
  const microseconds = Number(environment["WATCHDOG_USEC"]);
  return microseconds > 0 ? microseconds / 1_000 : undefined;
}

/**
 * Tells systemd that the agent has started, and from time to time that it lives, as a kubelet would ask liveness: from
 * the thread that does the work, and not while liveness fails. Says nothing where nobody asked for it.
 */
export function tellServiceManager({
  environment,
  live,
  send = sendUnixDatagram,
}: ServiceManagerOptions): Disposable {
  const path = environment["NOTIFY_SOCKET"];
  if (path === undefined || path === "") return { [Symbol.dispose]: () => undefined };
  const timeout = watchdogTimeout(environment);
  const alive = (): void => {
    if (live()) send(path, "WATCHDOG=1");
  };
  const timer = timeout === undefined ? undefined : setInterval(alive, timeout / WORDS_WITHIN_TIMEOUT);
  send(path, "READY=1");
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      send(path, "STOPPING=1");
    },
  };
}
