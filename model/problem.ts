/** Something in the datastore that could not be read as written. It is reported until it is mended. */
export interface Problem {
  /** The object or document, for example `policies.yaml, document 2 (NetworkPolicy x/web)`. */
  readonly where: string;
  /** The path inside it, for example `spec.ingress[0].from[1].ipBlock.cidr`; empty for the document as a whole. */
  readonly path: string;
  /** What was found, short; empty where there is no value to show. */
  readonly value: string;
  /** What is wrong with it, and what was expected. */
  readonly message: string;
  /** What tortie does meanwhile, for example `this rule allows nothing`. */
  readonly consequence: string;
}

/** One line for a log or a readiness page. */
export function problemText({ where, path, value, message, consequence }: Problem): string {
  const at = path === "" ? where : `${where}, ${path}`;
  const found = value === "" ? "" : ` (found ${value})`;
  return `${at}: ${message}${found}; ${consequence}`;
}
