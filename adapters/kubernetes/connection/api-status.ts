import * as v from "valibot";

/** What an answer with an error says. */
export interface ApiStatus {
  /** The HTTP status code. */
  readonly code: number;
  /** Kubernetes' own word for it, for example `Expired`; empty where it says none. */
  readonly reason: string;
  /** The server's own words. */
  readonly message: string;
  readonly retryAfterSeconds?: number;
  /** For people: what was found. */
  readonly found: string;
  /** For people: what to do next. */
  readonly next: string;
}

/** What was asked for, in RBAC's words; `group` is empty for the core group. */
export interface Asked {
  readonly verb: "get" | "list" | "watch" | "patch";
  readonly resource: string;
  readonly group: string;
}

const Status = v.object({
  kind: v.literal("Status"),
  message: v.fallback(v.string(), ""),
  reason: v.fallback(v.string(), ""),
  code: v.fallback(v.number(), 0),
  details: v.fallback(v.object({ retryAfterSeconds: v.fallback(v.number(), 0) }), { retryAfterSeconds: 0 }),
});

// `User "x" cannot list resource "pods" in API group "" at the cluster scope` or `in the namespace "y"`; until 1.11
// `User "x" cannot list pods.extensions at the cluster scope`.
const FORBIDDEN =
  /User "(?<user>[^"]*)" cannot (?<verb>\w+) (?:resource "(?<resource>[^"]*)" in API group "(?<group>[^"]*)"|(?<old>[\w./-]+))(?: in the namespace "(?<namespace>[^"]*)")?/;

// Whoever shows no credentials. Rights for this name would be everybody's.
const ANONYMOUS = "system:anonymous";

// More than any Status has; what comes after it is not read.
const BODY_LIMIT = 65_536;

/** Reads a Status object, from an answer's body or from an ERROR event of a watch; undefined where it is none. */
export function parseApiStatus(value: unknown, httpCode = 0, asked?: Asked): ApiStatus | undefined {
  const parsed = v.safeParse(Status, value);
  if (!parsed.success) return undefined;
  const { message, reason, code, details } = parsed.output;
  return status(httpCode === 0 ? code : httpCode, reason, message, details.retryAfterSeconds, asked);
}

/** Reads the body of an answer that is not 2xx, at most 64 KiB of it; a body that breaks off counts as far as it came. */
export async function readApiStatus(response: Response, asked?: Asked): Promise<ApiStatus> {
  const text = await boundedText(response);
  const retryAfter = retryAfterSeconds(response.headers.get("retry-after"));
  const read = parseApiStatus(jsonOf(text), response.status, asked);
  if (read !== undefined) return retryAfter === 0 ? read : { ...read, retryAfterSeconds: retryAfter };
  // An old server, a proxy or something that is no API server: its first line is the best there is.
  const line = text.trim().split("\n", 1)[0]?.slice(0, 300) ?? "";
  return status(response.status, "", line, retryAfter, asked);
}

function status(
  code: number,
  reason: string,
  message: string,
  retryAfter: number,
  asked: Asked | undefined,
): ApiStatus {
  return {
    code,
    reason,
    message,
    ...(retryAfter > 0 && { retryAfterSeconds: retryAfter }),
    ...words(code, reason, message, asked),
  };
}

function words(
  code: number,
  reason: string,
  message: string,
  asked: Asked | undefined,
): { readonly found: string; readonly next: string } {
  switch (code) {
    case 401:
      return {
        found: "the API server does not accept the credentials (401 Unauthorized)",
        next: "see that the token or client certificate is of this cluster, has not expired, and that its account still exists",
      };
    case 403:
      return forbidden(message, asked);
    case 429:
      return {
        found: `the API server asks to wait (429): ${message}`,
        next: "nothing: it is tried again; if it stays so, the server is overloaded",
      };
    default: {
      const said = message === "" ? "" : `: ${message}`;
      return {
        found: `the API server answered ${code}${reason === "" ? "" : ` ${reason}`}${said}`,
        next: nextFor(code, message),
      };
    }
  }
}

function nextFor(code: number, message: string): string {
  if (message.includes("HTTP request to an HTTPS server")) return "write https:// in the server's URL";
  if (code >= 300 && code < 400)
    return "set the server's URL to the API server itself: redirects are not followed";
  if (code >= 500) return "nothing: it is tried again; if it stays so, see the API server's log";
  return "see that the URL is that of a Kubernetes API server";
}

// `pods "a" is forbidden: ValidatingAdmissionPolicy 'tortie' with binding 'tortie' denied request: why`
const DENIED = /ValidatingAdmissionPolicy '[^']*'.* denied request: .*/s;

function forbidden(
  message: string,
  asked: Asked | undefined,
): { readonly found: string; readonly next: string } {
  const denied = DENIED.exec(message)?.[0];
  if (denied !== undefined)
    return {
      found: `${denied} (403 Forbidden)`,
      next: "see what the policy allows (kubectl get validatingadmissionpolicies)",
    };
  const said = FORBIDDEN.exec(message)?.groups;
  const [oldResource, ...oldGroup] = (said?.["old"] ?? "").split(".");
  const verb = said?.["verb"] ?? asked?.verb;
  const resource = said?.["resource"] ?? (oldResource || asked?.resource);
  const group = said?.["group"] ?? (oldResource ? oldGroup.join(".") : (asked?.group ?? ""));
  if (verb === undefined || resource === undefined) {
    return {
      found: `the API server refuses (403 Forbidden)${message === "" ? "" : `: ${message}`}`,
      next: "grant this account get, list and watch on what it reads (deploy/ has the role)",
    };
  }
  const user = said?.["user"] === undefined ? "this account" : `user "${said["user"]}"`;
  const where = said?.["namespace"] === undefined ? "" : ` in the namespace "${said["namespace"]}"`;
  const inGroup = group === "" ? "" : ` of the API group "${group}"`;
  return {
    found: `${user} may not ${verb} ${resource}${inGroup}${where} (403 Forbidden)`,
    next:
      said?.["user"] === ANONYMOUS
        ? "log in, for the request carried nothing that says who asks: set K8S_TOKEN, or K8S_CERT_FILE and K8S_KEY_FILE, or give the kubeconfig's context a user"
        : `grant it by RBAC: a ClusterRole with apiGroups ["${group}"], resources ["${resource}"], verbs ["${verb}"], bound to ${user}`,
  };
}

/** 0 where there is none. Also takes the date that HTTP allows. */
function retryAfterSeconds(header: string | null): number {
  if (header === null) return 0;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header);
  const seconds = Math.ceil((Date.parse(header) - Date.now()) / 1000);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function boundedText(response: Response): Promise<string> {
  const { body } = response;
  if (body === null) return "";
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  try {
    while (text.length < BODY_LIMIT) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // What came before it broke off tells more than that it did.
  }
  await reader.cancel().catch(() => undefined);
  return text.slice(0, BODY_LIMIT);
}
