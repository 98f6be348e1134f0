export type FindingStatus = "ok" | "warning" | "failed" | "not known";

/** What one check came to. */
export interface Finding {
  /** The check's name. */
  readonly check: string;
  readonly status: FindingStatus;
  readonly found: string;
  /** What to do about it; absent where there is nothing to do. */
  readonly mend?: string;
}

export function ok(check: string, found: string): Finding {
  return { check, status: "ok", found };
}

/** It works, or may work; somebody should look at it. */
export function warning(check: string, found: string, mend: string): Finding {
  return { check, status: "warning", found, mend };
}

/** Policies, or pods, would not work. */
export function failed(check: string, found: string, mend: string): Finding {
  return { check, status: "failed", found, mend };
}

export function notKnown(check: string, because: string, mend?: string): Finding {
  return { check, status: "not known", found: because, ...(mend !== undefined && { mend }) };
}
