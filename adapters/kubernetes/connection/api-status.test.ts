import { expect, test } from "bun:test";
import { type ApiStatus, parseApiStatus, readApiStatus } from "./api-status.ts";

function answer(code: number, body: unknown, headers: Record<string, string> = {}): Promise<ApiStatus> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return readApiStatus(new Response(text, { status: code, headers }));
}

const FORBIDDEN_NOW = {
  kind: "Status",
  apiVersion: "v1",
  status: "Failure",
  message:
    'networkpolicies.networking.k8s.io is forbidden: User "system:serviceaccount:kube-system:tortie" cannot list resource "networkpolicies" in API group "networking.k8s.io" at the cluster scope',
  reason: "Forbidden",
  details: { group: "networking.k8s.io", kind: "networkpolicies" },
  code: 403,
};

test("a 403 names user, verb, resource and group, and what to grant", async () => {
  const read = await answer(403, FORBIDDEN_NOW);
  expect(read).toMatchObject({ code: 403, reason: "Forbidden", message: FORBIDDEN_NOW.message });
  expect(read.found).toBe(
    'user "system:serviceaccount:kube-system:tortie" may not list networkpolicies of the API group "networking.k8s.io" (403 Forbidden)',
  );
  expect(read.next).toBe(
    'grant it by RBAC: a ClusterRole with apiGroups ["networking.k8s.io"], resources ["networkpolicies"], verbs ["list"], bound to user "system:serviceaccount:kube-system:tortie"',
  );
});

test("a 403 of an admission policy is the policy's word, and no right is missing", async () => {
  const denied =
    "ValidatingAdmissionPolicy 'tortie' with binding 'tortie' denied request: only its own node's pods";
  const message = `pods "a" is forbidden: ${denied}`;
  const read = await answer(403, { kind: "Status", reason: "Forbidden", message });
  expect(read.found).toBe(`${denied} (403 Forbidden)`);
  expect(read.next).toBe("see what the policy allows (kubectl get validatingadmissionpolicies)");
});

test("a 403 in one namespace, and one of an old server", async () => {
  const inNamespace = await answer(403, {
    kind: "Status",
    message:
      'pods is forbidden: User "jane" cannot watch resource "pods" in API group "" in the namespace "shop"',
  });
  expect(inNamespace.found).toBe('user "jane" may not watch pods in the namespace "shop" (403 Forbidden)');
  const old = await answer(403, 'User "jane" cannot list ingresses.extensions at the cluster scope.');
  expect(old.found).toBe('user "jane" may not list ingresses of the API group "extensions" (403 Forbidden)');
});

test("a 403 without words takes what was asked", async () => {
  const asked = { verb: "watch", resource: "pods", group: "" } as const;
  const read = await readApiStatus(new Response("", { status: 403 }), asked);
  expect(read.found).toBe("this account may not watch pods (403 Forbidden)");
  expect((await answer(403, "Forbidden")).found).toBe("the API server refuses (403 Forbidden): Forbidden");
});

test("a 401 says what to look at", async () => {
  const read = await answer(401, {
    kind: "Status",
    message: "Unauthorized",
    reason: "Unauthorized",
    code: 401,
  });
  expect(read.found).toBe("the API server does not accept the credentials (401 Unauthorized)");
  expect(read.next).toStartWith("see that the token or client certificate is of this cluster");
});

test("who is nobody is told to log in, not to give nobody rights", async () => {
  const message =
    'pods is forbidden: User "system:anonymous" cannot watch resource "pods" in API group "" at the cluster scope';
  const { found, next } = await answer(403, { kind: "Status", message, reason: "Forbidden", code: 403 });
  expect(found).toBe('user "system:anonymous" may not watch pods (403 Forbidden)');
  expect(next).toBe(
    "log in, for the request carried nothing that says who asks: set K8S_TOKEN, or K8S_CERT_FILE and K8S_KEY_FILE, or give the kubeconfig's context a user",
  );
});

test("Retry-After comes from the header, as seconds or a date, or from the body", async () => {
  const body = { kind: "Status", message: "too many requests", code: 429, details: { retryAfterSeconds: 7 } };
  expect((await answer(429, body)).retryAfterSeconds).toBe(7);
  expect((await answer(429, body, { "retry-after": "3" })).retryAfterSeconds).toBe(3);
  const date = new Date(Date.now() + 60_000).toUTCString();
  expect((await answer(503, "", { "retry-after": date })).retryAfterSeconds).toBeWithin(30, 62);
  expect(await answer(503, "", { "retry-after": "soon" })).not.toHaveProperty("retryAfterSeconds");
});

test("bodies that are no Status: text, garbage, none, too long, broken off", async () => {
  expect((await answer(502, "<html>\nbad gateway")).found).toBe("the API server answered 502: <html>");
  expect((await answer(500, "")).found).toBe("the API server answered 500");
  expect((await answer(500, { kind: "Pod" })).found).toBe('the API server answered 500: {"kind":"Pod"}');
  expect((await answer(500, "x".repeat(200_000))).message).toHaveLength(300);
  const endless = new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(1000).fill(65)) });
  expect((await readApiStatus(new Response(endless, { status: 500 }))).code).toBe(500);
  const broken = new ReadableStream({
    start(to) {
      to.enqueue(new TextEncoder().encode("half"));
      setTimeout(() => to.error(new Error("reset")), 1);
    },
  });
  expect((await readApiStatus(new Response(broken, { status: 500 }))).message).toBe("half");
});

test("a redirect and HTTP spoken to HTTPS say what to change", async () => {
  expect((await answer(302, "")).next).toContain("redirects are not followed");
  expect((await answer(400, "Client sent an HTTP request to an HTTPS server.")).next).toBe(
    "write https:// in the server's URL",
  );
});

test("the object of an ERROR event", () => {
  const expired = { kind: "Status", reason: "Expired", message: "too old resource version", code: 410 };
  expect(parseApiStatus(expired)).toMatchObject({ code: 410, reason: "Expired" });
  expect(parseApiStatus({ kind: "Status" })).toMatchObject({ code: 0, reason: "", message: "" });
  expect(parseApiStatus({ kind: "Pod" })).toBeUndefined();
  expect(parseApiStatus("x")).toBeUndefined();
});
