import { ConnectionError } from "../../adapters/kubernetes/connection/connection-error.ts";
import { RefusedError } from "../facts/ask-server.ts";
import { failed, type Finding, ok, warning } from "../finding.ts";

const CHECK = "API server";

export interface ReachedServer {
  readonly server: string;
  readonly notices: readonly string[];
}

export function checkReachedServer({ server, notices }: ReachedServer): Finding[] {
  return [
    ...notices.map((notice) => {
      const [found = notice, next = "see how the API server is reached"] = notice.split("; next: ");
      return warning(CHECK, found, next);
    }),
    ok(CHECK, `${server} answers`),
  ];
}

/** The deadline of all questions to the API server was over. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** What came of trying: no connection, a refusal, or silence. */
export function checkUnreachedServer(error: unknown, server: string | undefined, seconds: number): Finding {
  if (error instanceof ConnectionError) return failed(CHECK, `${error.tried}: ${error.found}`, error.next);
  if (error instanceof RefusedError) return failed(CHECK, error.status.found, error.status.next);
  if (error instanceof DeadlineError) {
    return failed(
      CHECK,
      `${server ?? "it"} did not answer within ${seconds} s: it hangs, or packets to it are dropped`,
      "see whether the API server is up, and whether a firewall stands between",
    );
  }
  return failed(
    CHECK,
    error instanceof Error ? error.message : String(error),
    "see that KUBECONFIG or K8S_API_ENDPOINT name a Kubernetes API server",
  );
}
