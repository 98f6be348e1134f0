import type { ApiRequest, KubernetesClient } from "../adapters/kubernetes/connection/client.ts";

/** An answer to a test's request. */
export function jsonAnswer(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), { status, headers });
}

/** What an API server says about a request that it refuses. */
export function statusAnswer(code: number, message: string, headers: Record<string, string> = {}): Response {
  return jsonAnswer({ kind: "Status", apiVersion: "v1", status: "Failure", message, code }, code, headers);
}

/** A client for tests whose server is a function; it remembers what it was asked for. */
export function fakeClient(
  answer: (request: ApiRequest) => Response | Promise<Response>,
): KubernetesClient & { readonly requests: readonly ApiRequest[] } {
  const requests: ApiRequest[] = [];
  return {
    server: "https://api:6443",
    notices: [],
    requests,
    request(request) {
      requests.push(request);
      return Promise.resolve(answer(request));
    },
    [Symbol.dispose]() {},
  };
}
