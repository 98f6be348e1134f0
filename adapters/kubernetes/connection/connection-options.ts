/** How to reach the API server, as people gave it. Nothing is checked before `openClient`. */
export interface ConnectionOptions {
  /** A path, or several with `:` between them, merged as kubectl does it; `~/` is the home directory. */
  readonly kubeconfig?: string;
  /** A kubeconfig's text; relative paths in it are relative to the working directory. */
  readonly kubeconfigInline?: string;
  /** Instead of the kubeconfig's current-context. */
  readonly context?: string;
  /** The server's URL, for example `https://10.0.0.1:6443`; instead of the kubeconfig's. */
  readonly endpoint?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly caFile?: string;
  readonly token?: string;
  readonly insecureSkipTlsVerify?: boolean;
}

/** Settings that cannot be understood, one line each: what was found, and what to do. */
export class ConnectionOptionsError extends Error {
  override readonly name = "ConnectionOptionsError";
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join("\n"));
    this.lines = lines;
  }
}

/** The environment variables of the connection, with a line of help for each. Each is read with the prefix CALICO_, too. */
export const CONNECTION_SETTINGS: Readonly<Record<string, string>> = {
  KUBECONFIG:
    "kubeconfig file, or several with ':' between them (default: the service account of the pod that this runs in)",
  K8S_API_ENDPOINT: "URL of the API server, instead of the kubeconfig's",
  K8S_CERT_FILE: "client certificate (PEM), instead of the kubeconfig's",
  K8S_KEY_FILE: "key of the client certificate (PEM), instead of the kubeconfig's",
  K8S_CA_FILE: "certificates that the API server's own must be signed by (PEM), instead of the kubeconfig's",
  K8S_TOKEN: "bearer token, instead of the kubeconfig's",
  K8S_API_TOKEN: "the same as K8S_TOKEN",
  K8S_CURRENT_CONTEXT: "context of the kubeconfig, instead of its current-context",
  K8S_INSECURE_SKIP_TLS_VERIFY: "believe any certificate of the API server (default false)",
};

// Those of Go's strconv.ParseBool, which Calico reads its connection with, and those of Felix's settings.
const TRUE = ["true", "t", "1", "yes", "y", "on", "enabled"];
const FALSE = ["false", "f", "0", "no", "n", "off", "disabled"];

/** A switch in the spellings that Calico has taken over the years, in any case; undefined: it is none of them. */
export function readBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (TRUE.includes(word)) return true;
  return FALSE.includes(word) ? false : undefined;
}

/** What `names` say, which all mean the same; two different values would leave one of them ignored in silence. */
function readOne(
  get: (name: string) => string | undefined,
  names: readonly string[],
  errors: string[],
): { readonly name: string; readonly value: string } | undefined {
  const given = names
    .flatMap((name) => [`CALICO_${name}`, name])
    .map((name) => ({ name, value: get(name)?.trim() ?? "" }))
    .filter(({ value }) => value !== "");
  const [first] = given;
  const other = given.find(({ value }) => value !== first?.value);
  if (first !== undefined && other !== undefined) {
    errors.push(`${first.name} and ${other.name} are the same setting with two values: remove one`);
  }
  return first;
}

/**
 * Reads K8S_* and KUBECONFIG by `get`; an empty value counts as none. Fill in an environment, or the spec of a
 * calicoctl.cfg under the names of its variables.
 *
 * @throws ConnectionOptionsError where two names of one setting differ, or the value of a switch is no boolean.
 */
export function connectionOptionsFrom(get: (name: string) => string | undefined): ConnectionOptions {
  const errors: string[] = [];
  const read = (...names: string[]): string | undefined => readOne(get, names, errors)?.value;
  const insecure = readOne(get, ["K8S_INSECURE_SKIP_TLS_VERIFY"], errors);
  const insecureSkipTlsVerify = insecure && readBoolean(insecure.value);
  if (insecure !== undefined && insecureSkipTlsVerify === undefined) {
    errors.push(`${insecure.name}: found "${insecure.value}", allowed is true or false`);
  }
  const options = {
    kubeconfig: read("KUBECONFIG"),
    context: read("K8S_CURRENT_CONTEXT"),
    endpoint: read("K8S_API_ENDPOINT"),
    certFile: read("K8S_CERT_FILE"),
    keyFile: read("K8S_KEY_FILE"),
    caFile: read("K8S_CA_FILE"),
    token: read("K8S_TOKEN", "K8S_API_TOKEN"),
    insecureSkipTlsVerify,
  };
  if (errors.length > 0) throw new ConnectionOptionsError(errors);
  return withoutUndefined(options);
}

function withoutUndefined<T extends object>(given: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}
