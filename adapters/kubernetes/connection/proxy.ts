import { type Address, parseAddress } from "../../../model/address.ts";
import { type Cidr, cidrContains, parseCidr } from "../../../model/cidr.ts";
import type { Environment } from "../../../model/environment.ts";
import { ConnectionError } from "./connection-error.ts";

export interface Proxy {
  /** With its user name and password; never shown. */
  readonly url: string;
  /** For people: host, and who named it. */
  readonly name: string;
}

/**
 * @param from - who named it, for example `HTTPS_PROXY`
 * @throws ConnectionError where Bun cannot speak to such a proxy.
 */
export function parseProxy(text: string, from: string): Proxy {
  const fail = (found: string): ConnectionError =>
    new ConnectionError("configuration", {
      tried: `understand the proxy in ${from}`,
      found,
      next: "name an HTTP proxy, for example http://10.0.0.9:3128, or none",
    });
  const withScheme = text.includes("://") ? text : `http://${text}`;
  // Not shown: it may hold a password.
  if (!URL.canParse(withScheme)) throw fail("it is no URL");
  const url = new URL(withScheme);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw fail(`proxies of the kind ${url.protocol}// are not supported`);
  }
  return { url: url.href, name: `${url.protocol}//${url.host} (${from})` };
}

interface HostAndPort {
  readonly host: string;
  readonly port: string;
}

/** `[::1]:80`, `example.com:80`, `10.0.0.1`, `::1`. */
function splitPort(text: string): HostAndPort {
  const [, bracketed, host, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
  return { host: bracketed ?? host ?? text, port: port ?? "" };
}

function isLoopback(host: string, address: Address | undefined): boolean {
  return host === "localhost" || address === "::1" || (address?.startsWith("127.") ?? false);
}

function isExcepted(entry: string, { host, port }: HostAndPort, address: Address | undefined): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) {
    const cidr: Cidr | undefined = parseCidr(entry);
    return cidr !== undefined && address !== undefined && cidrContains(cidr, address);
  }
  const excepted = splitPort(entry);
  if (excepted.host === "" || (excepted.port !== "" && excepted.port !== port)) return false;
  const exceptedAddress = parseAddress(excepted.host);
  if (exceptedAddress !== undefined || address !== undefined) return exceptedAddress === address;
  const name = excepted.host.replace(/^\*\./, ".");
  return name.startsWith(".") ? host.endsWith(name) : host === name || host.endsWith(`.${name}`);
}

/**
 * The proxy that the environment names for `server`, by the rules of Go's ProxyFromEnvironment, which kubectl and Calico
 * follow: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, each in lower case too; never for localhost and loopback addresses; in
 * NO_PROXY names with what stands under them, `.name` and `*.name` for what stands under it only, addresses, blocks, each
 * but the last with or without a port, and `*`.
 *
 * @throws ConnectionError where the proxy cannot be used.
 */
export function environmentProxy(server: URL, environment: Environment): Proxy | undefined {
  const scheme = server.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const from = [scheme, scheme.toLowerCase()].find((name) => (environment[name] ?? "") !== "");
  if (from === undefined) return undefined;
  const host = server.hostname
    .replace(/^\[|\]$/g, "")
    .toLowerCase()
    .replace(/\.$/, "");
  const port = server.port === "" ? (server.protocol === "https:" ? "443" : "80") : server.port;
  const address = parseAddress(host);
  if (isLoopback(host, address)) return undefined;
  const exceptions = (environment["NO_PROXY"] || environment["no_proxy"] || "").split(",");
  const excepted = exceptions
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => isExcepted(entry, { host, port }, address));
  return excepted ? undefined : parseProxy(environment[from] ?? "", from);
}
