import { ConnectionError } from "./connection-error.ts";

/**
 * Errors do not quote the URL: a password or token may stand in it.
 *
 * @param from - where it was said, for people
 * @throws ConnectionError
 */
export function parseServer(text: string, from: string): URL {
  const fail = (found: string): ConnectionError =>
    new ConnectionError("configuration", {
      tried: `understand the API server's URL in ${from}`,
      found,
      next: "write it like https://10.0.0.1:6443",
    });
  const withScheme = text.includes("://") ? text : `https://${text}`;
  if (!URL.canParse(withScheme)) throw fail("it is no URL");
  const url = new URL(withScheme);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw fail(`"${url.protocol}//" is neither https:// nor http://`);
  }
  if (url.username !== "" || url.password !== "") {
    throw fail("it holds a user name or password, which have no place in it");
  }
  if (url.search !== "" || url.hash !== "") throw fail("it has more than a host, a port and a path");
  url.pathname = url.pathname.replace(/\/+$/, "");
  return url;
}
