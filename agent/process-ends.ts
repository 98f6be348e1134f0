import type { Log } from "./log.ts";

export interface ProcessEnds extends Disposable {
  /** Fires at the first SIGTERM or SIGINT. */
  readonly stopping: AbortSignal;
}

/** Kubernetes and systemd wait far longer; but rules outlive the process, so there is nothing to wait for. */
const STOP_MILLISECONDS = 900;
const FLUSH_MILLISECONDS = 200;

/** Turns signals into `stopping`, and errors that nobody caught into a last line and exit code 1: the rules stay. */
export function watchProcessEnds(log: Log): ProcessEnds {
  const controller = new AbortController();

  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) return;
    log.write("info", "stopping, the rules stay in force", { signal });
    setTimeout(() => process.exit(0), STOP_MILLISECONDS).unref();
    controller.abort();
  };

  const onError = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.write("fatal", "a bug: nobody caught this error; the rules stay in force", { error: text });
    process.stderr.write(`tortie agent: nobody caught this error: ${text}\n`);
    void log.flush(FLUSH_MILLISECONDS).finally(() => process.exit(1));
  };

  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  process.on("uncaughtException", onError);
  process.on("unhandledRejection", onError);
  return {
    stopping: controller.signal,
    [Symbol.dispose]() {
      process.off("SIGTERM", onSignal);
      process.off("SIGINT", onSignal);
      process.off("uncaughtException", onError);
      process.off("unhandledRejection", onError);
    },
  };
}
