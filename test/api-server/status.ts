/** An answer that is no object: a status code and a `Status` body as the API server writes it. */
export interface StatusAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface StatusText {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export function statusObject({ code, reason, message, details }: StatusText): object {
  const head = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason };
  return details === undefined ? { ...head, code } : { ...head, details, code };
}

export function statusAnswer(text: StatusText): StatusAnswer {
  return { status: text.code, headers: text.headers ?? {}, body: `${JSON.stringify(statusObject(text))}\n` };
}

export function tooLarge(asked: string, current: number): StatusAnswer {
  return statusAnswer({
    code: 504,
    reason: "Timeout",
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  });
}

export const EXPIRED_CONTINUE: StatusAnswer = statusAnswer({
  code: 410,
  reason: "Expired",
  message: "The provided continue parameter is too old to display a consistent list result.",
});

export function tooOld(asked: number, oldest: number): object {
  return statusObject({
    code: 410,
    reason: "Expired",
    message: `too old resource version: ${asked} (${oldest})`,
  });
}

export function badRequest(message: string): StatusAnswer {
  return statusAnswer({ code: 400, reason: "BadRequest", message });
}

export function invalid(message: string): StatusAnswer {
  return statusAnswer({
    code: 422,
    reason: "Invalid",
    message: `ListOptions.meta.k8s.io "" is invalid: ${message}`,
  });
}

export function notFound(what: string): StatusAnswer {
  return statusAnswer({ code: 404, reason: "NotFound", message: `${what} not found` });
}

export function unauthorized(): StatusAnswer {
  return statusAnswer({ code: 401, reason: "Unauthorized", message: "Unauthorized" });
}

/** What a user without the right hears; `group` is empty for the core. */
export function forbidden(verb: string, resource: string, group: string = ""): StatusAnswer {
  return statusAnswer({
    code: 403,
    reason: "Forbidden",
    message: `${resource} is forbidden: User "somebody" cannot ${verb} resource "${resource}" in API group "${group}" at the cluster scope`,
    details: group === "" ? { kind: resource } : { group, kind: resource },
  });
}

export function tooManyRequests(seconds: number): StatusAnswer {
  return statusAnswer({
    code: 429,
    reason: "TooManyRequests",
    message: "Too many requests, please try again later.",
    details: { retryAfterSeconds: seconds },
    headers: { "retry-after": String(seconds) },
  });
}

export function internalError(message: string = "Internal error occurred"): StatusAnswer {
  return statusAnswer({ code: 500, reason: "InternalError", message });
}
