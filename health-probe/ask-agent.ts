import { errorCodeOrMessage } from "../model/error-code.ts";

export type HealthQuestion = "liveness" | "readiness";

export type HealthAnswer =
  | { readonly kind: "answer"; readonly well: boolean; readonly body: string }
  | { readonly kind: "silent"; readonly text: string };

export interface AskOptions {
  readonly host: string;
  readonly port: number;
  readonly milliseconds: number;
}

/** What a connection that came to nothing means. */
function silence(error: unknown, { host, port, milliseconds }: AskOptions): string {
  const agent = `the agent on ${host} port ${port}`;
  if (error instanceof Error && error.name === "TimeoutError") {
    return `${agent} took the connection and said nothing for ${milliseconds / 1_000} s: it hangs, or the node is overloaded; see its log`;
  }
  switch (errorCodeOrMessage(error)) {
    case "ECONNREFUSED":
    case "ConnectionRefused":
      return (
        `nothing listens on ${host} port ${port}: the agent does not run, or was given another FELIX_HEALTHHOST or ` +
        "FELIX_HEALTHPORT; start it, or give this command the same settings"
      );
    default:
      return `${agent} cannot be asked: ${errorCodeOrMessage(error)}`;
  }
}

/** Asks once. The whole answer must be there in time. */
export async function askAgent(question: HealthQuestion, options: AskOptions): Promise<HealthAnswer> {
  try {
    const response = await fetch(`http://${options.host}:${options.port}/${question}`, {
      signal: AbortSignal.timeout(options.milliseconds),
      redirect: "manual",
      // Whatever HTTP_PROXY says: the agent is on this node.
      proxy: false,
    } as RequestInit);
    const body = await response.text();
    const { status } = response;
    if (status === 200 || status === 503) return { kind: "answer", well: status === 200, body };
    return {
      kind: "silent",
      text:
        `${options.host} port ${options.port} answers ${status} to /${question}: another program listens there; ` +
        "set FELIX_HEALTHPORT, for the agent and for this command",
    };
  } catch (error) {
    return { kind: "silent", text: silence(error, options) };
  }
}
