/** One request to the API server. */
export interface ApiRequest {
  /** From the server's root, for example `/api/v1/pods`; query parameters stand in `query`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly method?: "GET" | "POST" | "PATCH";
  readonly body?: string;
  /** Of the body; `application/json` if nothing is said. */
  readonly contentType?: string;
  /** Ends the request and the reading of its body. */
  readonly signal: AbortSignal;
}

/** Speaks to one API server with the credentials that it was opened with. */
export interface KubernetesClient extends Disposable {
  /** What people call it, for example `https://10.0.0.1:6443`. */
  readonly server: string;
  /** What stays visible in readiness now, for example that the server's certificate is not checked. */
  readonly notices: readonly string[];
  /**
   * The answer, whatever its status; redirects are not followed. After a 401 credentials are read anew, and where they have
   * become others the request is sent once more. Its body is not read: stream it, or cancel it. Reading it may throw whatever
   * Bun throws where the connection breaks.
   *
   * @throws ConnectionError where no answer came, at the latest a minute after it was asked for; the signal's reason where
   * that has fired.
   */
  request(request: ApiRequest): Promise<Response>;
  /**
   * The next requests go over new connections; those under way are left alone. One that died without a word would
   * otherwise be given to the next request, too. A client without connections of its own has no such method.
   */
  reconnect?(): void;
}
