import { CtlError } from "./ctl-error.ts";

/** What -o asks for. */
export type Output =
  | { readonly kind: "ps" | "wide" | "yaml" | "json" }
  | { readonly kind: "columns"; readonly headings: readonly string[] };

const ALLOWED = "it is ps, wide, yaml, json or custom-columns=A,B";

/**
 * Reads the value of -o.
 *
 * @throws CtlError naming what is allowed.
 */
export function readOutput(text: string): Output {
  const [format = "", ...rest] = text.split("=");
  if (rest.length === 0) {
    if (text === "yml") return { kind: "yaml" };
    if (text === "ps" || text === "wide" || text === "yaml" || text === "json") return { kind: text };
  }
  const value = rest.join("=");
  switch (format) {
    case "custom-columns": {
      const headings = value.split(",").map((heading) => heading.trim().toUpperCase());
      if (headings.includes(""))
        throw new CtlError("need to specify at least one column: custom-columns=A,B");
      return { kind: "columns", headings };
    }
    case "go-template":
    case "go-template-file":
      throw new CtlError(`-o ${format} comes in a later version; in this one ${ALLOWED}`);
    default:
      throw new CtlError(`unrecognized output format '${text}'; ${ALLOWED}`);
  }
}
