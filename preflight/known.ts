import { errorCode } from "../model/error-code.ts";

/** Something that was looked at, or why it could not be. */
export type Known<Value> =
  | { readonly known: true; readonly value: Value }
  | { readonly known: false; readonly because: string };

export function known<Value>(value: Value): Known<Value> {
  return { known: true, value };
}

export function unknown(because: string): { readonly known: false; readonly because: string } {
  return { known: false, because };
}

/** Why something could not be looked at, for people. */
export function becauseOf(error: unknown): string {
  const code = errorCode(error) ?? "";
  if (code === "EPERM" || code === "EACCES")
    return `this user may not look (${code}); run it as root, or with CAP_NET_ADMIN in the host's network namespace`;
  return error instanceof Error ? error.message : String(error);
}

/** Whatever stands against looking is an answer. */
export function look<Value>(at: () => Value): Known<Value> {
  try {
    return known(at());
  } catch (error) {
    return unknown(becauseOf(error));
  }
}
