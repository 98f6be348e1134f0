import { checkPair, type CheckedPair } from "./certificates.ts";
import { ConnectionError, fileFailure } from "./connection-error.ts";
import type { Connection } from "./connection.ts";
import { type ExecCredential, type ExecPlugin, type ExecSettings, runExecPlugin } from "./exec-plugin.ts";
import { type FollowedText, followText } from "./text-source.ts";

/** What one request is sent with. */
export interface Credential {
  readonly headers: Readonly<Record<string, string>>;
  /** PEM. */
  readonly certificate?: string;
  readonly key?: string;
}

/** Where the credentials for each request come from. Errors are ConnectionErrors that name the file or the plugin. */
export interface Credentials {
  /** What is wrong with a change, while what was there before it stays in use. */
  readonly notices: readonly string[];
  current(): Promise<Credential>;
  /** After a 401: everything is read anew, and plugins run, unless that was done since `refused` was given out. */
  renewed(refused: Credential): Promise<Credential>;
}

export interface CredentialSettings extends ExecSettings {
  readonly now: () => Date;
}

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

type Reading = (text: FollowedText) => Promise<string>;

async function readText(text: FollowedText, reading: Reading, what: string, server: string): Promise<string> {
  try {
    return await reading(text);
  } catch (error) {
    throw new ConnectionError(
      "credentials",
      {
        tried: `read the ${what} for ${server}`,
        found: `${text.name}: ${fileFailure(error)}`,
        next: `put the ${what} there; it is read again before the next request`,
      },
      error,
    );
  }
}

/** One that has line breaks or other letters inside is not one, and could end the header. */
function bearer(token: string, name: string, server: string): string {
  const trimmed = token.trim();
  if (/^[\x21-\x7e]+$/.test(trimmed)) return `Bearer ${trimmed}`;
  throw new ConnectionError("credentials", {
    tried: `log in to ${server}`,
    found: `${name} holds no token: found ${trimmed === "" ? "nothing" : "blanks or control characters in it"}`,
    next: "put the token there, and nothing else",
  });
}

/** A certificate and key that are followed together: a new one is taken once both fit. */
function followPair(
  certificate: FollowedText,
  key: FollowedText,
  server: string,
): { read(reading: Reading): Promise<{ pair: Pair; checked: CheckedPair; notice?: string }> } {
  let known: { readonly pair: Pair; readonly checked: CheckedPair } | undefined;
  return {
    async read(reading) {
      try {
        const pair = {
          certificate: await readText(certificate, reading, "client certificate", server),
          key: await readText(key, reading, "key of the client certificate", server),
        };
        if (known?.pair.certificate === pair.certificate && known.pair.key === pair.key) return known;
        const checked = checkPair(
          { name: certificate.name, text: pair.certificate },
          { name: key.name, text: pair.key },
          server,
        );
        known = { pair, checked };
        return known;
      } catch (error) {
        if (known === undefined || !(error instanceof ConnectionError)) throw error;
        // Perhaps only one of the two files is written so far.
        return { ...known, notice: `${error.found}; the client certificate before it stays in use` };
      }
    },
  };
}

/** Before it is kept, so that the plugin runs again after what cannot be used, and before the certificate has ended. */
function checkGiven(given: ExecCredential, exec: ExecPlugin, server: string, now: Date): ExecCredential {
  const { token, certificate, key, expires = Infinity } = given;
  if (token !== undefined) bearer(token, exec.name, server);
  if (certificate === undefined || key === undefined) return given;
  const name = `what ${exec.command} gave`;
  const checked = checkPair({ name, text: certificate }, { name, text: key }, server);
  checked.checkDates(now);
  return { ...given, expires: Math.min(expires, checked.expires) };
}

/** Runs the plugin when what it gave has expired or was refused, once for all who ask meanwhile. */
function followPlugin(
  run: () => Promise<ExecCredential>,
  now: () => Date,
): { current(): Promise<ExecCredential>; renewed(): Promise<ExecCredential> } {
  let known: ExecCredential | undefined;
  let running: Promise<ExecCredential> | undefined;
  const renewed = (): Promise<ExecCredential> => {
    running ??= run()
      .then((credential) => (known = credential))
      .finally(() => (running = undefined));
    return running;
  };
  return {
    renewed,
    current: () =>
      known !== undefined && (known.expires === undefined || known.expires > now().getTime())
        ? Promise.resolve(known)
        : renewed(),
  };
}

/** Over plain HTTP nothing that must stay secret is sent, as kubectl does it. */
export function openCredentials(
  { server: { origin, protocol }, login }: Connection,
  settings: CredentialSettings,
): Credentials {
  const secret = protocol === "https:";
  const { basic, exec } = login;
  const token = secret && login.token !== undefined ? followText(login.token) : undefined;
  const pair =
    secret && login.certificate !== undefined && login.key !== undefined
      ? followPair(followText(login.certificate), followText(login.key), origin)
      : undefined;
  const plugin =
    secret && exec !== undefined
      ? followPlugin(
          async () => checkGiven(await runExecPlugin(exec, settings), exec, origin, settings.now()),
          settings.now,
        )
      : undefined;
  const passesSilently = !secret && (login.token ?? basic ?? login.certificate ?? exec) !== undefined;
  const fixedNotices = passesSilently
    ? [`credentials are not sent to ${origin}: http:// is not encrypted; next: use https://`]
    : [];
  let pairNotice: string | undefined;
  let known: Credential | undefined;

  const authorization = async (reading: Reading, given: ExecCredential): Promise<string | undefined> => {
    if (token !== undefined) {
      return bearer(await readText(token, reading, "token", origin), token.name, origin);
    }
    if (given.token !== undefined) return bearer(given.token, exec?.name ?? "the plugin", origin);
    if (basic === undefined || !secret) return undefined;
    return `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString("base64")}`;
  };
  const certificates = async (reading: Reading, given: ExecCredential): Promise<Partial<Pair>> => {
    const { certificate, key } = given;
    if (certificate !== undefined && key !== undefined) return { certificate, key };
    if (pair === undefined) return {};
    const read = await pair.read(reading);
    read.checked.checkDates(settings.now());
    pairNotice = read.notice;
    return read.pair;
  };
  const assemble = async (reading: Reading, given: ExecCredential): Promise<Credential> => {
    const header = await authorization(reading, given);
    const next: Credential = {
      headers: { ...login.headers, ...(header !== undefined && { authorization: header }) },
      ...(await certificates(reading, given)),
    };
    // The same object as long as it says the same: `renewed` tells by it, and TLS settings are kept for it.
    if (known === undefined || !same(known, next)) known = next;
    return known;
  };
  const current = async (): Promise<Credential> =>
    assemble((text) => text.read(), (await plugin?.current()) ?? {});
  return {
    get notices() {
      return pairNotice === undefined ? fixedNotices : [...fixedNotices, pairNotice];
    },
    current,
    async renewed(refused) {
      const now = await current();
      if (now !== refused) return now;
      return assemble((text) => text.reread(), (await plugin?.renewed()) ?? {});
    },
  };
}

function same(a: Credential, b: Credential): boolean {
  return (
    a.headers["authorization"] === b.headers["authorization"] &&
    a.certificate === b.certificate &&
    a.key === b.key
  );
}
