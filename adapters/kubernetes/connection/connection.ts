import type { Environment } from "../../../model/environment.ts";
import type { ExecPlugin } from "./exec-plugin.ts";
import type { TextSource } from "./text-source.ts";

/** Who we are to the server. */
export interface Login {
  readonly certificate?: TextSource;
  readonly key?: TextSource;
  readonly token?: TextSource;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly exec?: ExecPlugin;
  /** Impersonation. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One API server and how to reach it: options, kubeconfig and surroundings put together, files not yet read. */
export interface Connection {
  readonly server: URL;
  /** Where `server` was said, for people. */
  readonly serverFrom: string;
  /** The name that the server's certificate must have, where it is not the host's in `server`. */
  readonly tlsServerName?: string;
  /** Who said that the server's certificate is not checked; undefined where it is. */
  readonly insecureFrom?: string;
  /** The system's own certificates are taken where there is none. */
  readonly authority?: TextSource;
  readonly proxy?: { readonly url: string; readonly from: string };
  readonly login: Login;
}

export interface Surroundings {
  readonly environment: Environment;
  /** Where a pod finds its service account. */
  readonly serviceAccountDirectory: string;
}
