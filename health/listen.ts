import { errorCode } from "../model/error-code.ts";

export interface ListenOptions {
  /** What is served, for people. */
  readonly what: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The settings that decide where. */
  readonly settings: { readonly host: string; readonly port: string };
  /** Who else may listen there. */
  readonly others: string;
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

/** Disposing frees the port. */
export interface Listening extends Disposable {
  readonly url: string;
}

/** The address cannot be listened on. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/**
 * Serves HTTP from this thread.
 *
 * @throws ListenError when the address is taken or not ours.
 */
export function listen({ what, host, port, settings, others, fetch }: ListenOptions): Listening {
  try {
    const server = Bun.serve({ hostname: host, port, fetch });
    return {
      url: server.url.href,
      [Symbol.dispose]: () => void server.stop(true),
    };
  } catch (error) {
    const code = errorCode(error) ?? String(error);
    const found =
      code === "EADDRINUSE"
        ? `the address is in use, perhaps by ${others}; stop it`
        : `the system says ${code}; name an address of this machine`;
    throw new ListenError(
      `cannot serve ${what} on ${host} port ${port}: ${found}, or set ${settings.port} or ${settings.host}`,
      { cause: error },
    );
  }
}
