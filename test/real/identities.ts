import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  testAuthority,
  testCertificate,
  type TestCertificate,
} from "../../adapters/kubernetes/connection/test-certificates.ts";

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Person {
  readonly user: string;
  readonly groups?: readonly string[];
}

/** Who the servers are and who may speak to them: files in a directory of their own. */
export interface Identities {
  readonly authority: TestCertificate & { readonly commonName: string };
  readonly caFile: string;
  readonly server: CertificateFiles;
  readonly tokenFile: string;
  /** Signs the tokens of service accounts. */
  readonly serviceAccountKeyFile: string;
  /** Makes a client certificate, at any time. */
  certificateOf(
    person: Person,
    dates?: { readonly notBefore?: Date; readonly notAfter?: Date },
  ): CertificateFiles;
  /** The token of one of the people that the servers were started with. */
  tokenOf(user: string): string;
}

/** Every name that tests reach the server by; `tortie.test` resolves nowhere and serves tls-server-name. */
const SERVER_NAMES = ["127.0.0.1", "::1", "localhost", "tortie.test"];

export function makeIdentities(directory: string, people: readonly Person[]): Identities {
  mkdirSync(directory, { recursive: true });
  const write = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const writePair = (name: string, pair: TestCertificate): CertificateFiles => ({
    certFile: write(`${name}.crt`, pair.cert),
    keyFile: write(`${name}.key`, pair.key),
  });
  const authority = testAuthority("tortie test authority");
  const tokens = new Map(people.map(({ user }) => [user, randomBytes(16).toString("hex")]));
  const tokenLines = people.map(
    ({ user, groups = [] }) => `${tokens.get(user)},${user},${user},"${groups.join(",")}"`,
  );
  const signing = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  let made = 0;
  return {
    authority,
    caFile: write("ca.crt", authority.cert),
    server: writePair(
      "server",
      testCertificate({ commonName: "kube-apiserver", names: SERVER_NAMES, issuer: authority }),
    ),
    tokenFile: write("tokens.csv", `${tokenLines.join("\n")}\n`),
    serviceAccountKeyFile: write("service-account.key", signing.export({ type: "pkcs1", format: "pem" })),
    certificateOf: ({ user, groups = [] }, dates = {}) =>
      writePair(
        `client-${++made}`,
        testCertificate({ commonName: user, groups, issuer: authority, ...dates }),
      ),
    tokenOf: (user) => {
      const token = tokens.get(user);
      if (token === undefined) throw new Error(`the servers were started without a user "${user}"`);
      return token;
    },
  };
}
