import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { checkAuthorities, checkPair, type NamedText } from "./certificates.ts";
import { ConnectionError } from "./connection-error.ts";
import { testAuthority, testCertificate } from "./test-certificates.ts";

const SERVER = "https://10.0.0.1:6443";
const NOW = new Date("2026-06-01T00:00:00Z");
const DATES = { notBefore: new Date("2026-01-01T00:00:00Z"), notAfter: new Date("2027-01-01T00:00:00Z") };
const OLD = { notBefore: new Date("2020-01-01T00:00:00Z"), notAfter: new Date("2020-02-01T00:00:00Z") };
const issuer = testAuthority("authority");
const good = testCertificate({ commonName: "jane", groups: ["staff"], issuer, ...DATES });
const other = testCertificate({ commonName: "joe", issuer, ...DATES });
const old = testCertificate({ commonName: "jane", groups: ["staff"], issuer, ...OLD });
const DAMAGED = good.cert.replace(/\n[^-]{10}/, "\nAAAAAAAAAA");

const ca = (text: string): NamedText => ({ name: "/ca.crt", text });
const cert = (text: string): NamedText => ({ name: "/tls.crt", text });
const key = (text: string): NamedText => ({ name: "/tls.key", text });

function message(action: () => void): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ConnectionError);
    return (error as ConnectionError).message;
  }
  return "nothing was thrown";
}

test.each<[what: string, text: string, found: string]>([
  [
    "garbage",
    "garbage",
    "/ca.crt holds no certificate: found something that is not PEM (no -----BEGIN ... line)",
  ],
  ["nothing", " \n", "/ca.crt holds no certificate: found nothing"],
  ["a key", good.key, "/ca.crt holds no certificate: found only a private key"],
  [
    "a damaged one",
    DAMAGED,
    "/ca.crt: the certificate cannot be read; what stands between its BEGIN and END lines is damaged",
  ],
  [
    "a damaged one among others",
    good.cert + DAMAGED,
    "/ca.crt: certificate 2 of 2 cannot be read; what stands between its BEGIN and END lines is damaged",
  ],
  [
    "an expired one",
    old.cert,
    "/ca.crt: the certificate expired on 2020-02-01T00:00:00.000Z; this machine's clock says 2026-06-01T00:00:00.000Z",
  ],
])("authority: %s", (_what, text, found) => {
  expect(message(() => checkAuthorities(ca(text), SERVER, NOW))).toStartWith(
    `read the certificate authority of https://10.0.0.1:6443: ${found}; next: put `,
  );
});

test("authorities that are fine: one, one after text and with CRLF, an expired one beside a valid one", () => {
  for (const text of [good.cert, `# mine\r\n${good.cert.replaceAll("\n", "\r\n")}`, old.cert + good.cert]) {
    expect(message(() => checkAuthorities(ca(text), SERVER, NOW))).toBe("nothing was thrown");
  }
});

test("a pair that is fine, also with the chain behind the certificate and an old form of the key", () => {
  const sec1 = execFileSync("openssl", ["ec"], { input: good.key, stdio: "pipe" }).toString();
  expect(sec1).toStartWith("-----BEGIN EC PRIVATE KEY-----");
  for (const [certificate, secret] of [
    [good.cert, good.key],
    [good.cert + issuer.cert, sec1],
  ] as const) {
    checkPair(cert(certificate), key(secret), SERVER).checkDates(NOW);
  }
});

const TRIED = "read the client certificate for https://10.0.0.1:6443: ";

test.each<[what: string, certificate: string, secret: string, found: string]>([
  [
    "garbage for a certificate",
    "garbage",
    good.key,
    "/tls.crt holds no certificate: found something that is not PEM",
  ],
  [
    "garbage for a key",
    good.cert,
    "garbage",
    "/tls.key holds no private key: found something that is not PEM",
  ],
  [
    "a certificate for a key",
    good.cert,
    good.cert,
    "/tls.key holds no private key: found only a certificate",
  ],
  [
    "a damaged key",
    good.cert,
    good.key.replace(/\n[^-]{10}/, "\nAAAAAAAAAA"),
    "/tls.key: the private key cannot be read; what stands between its BEGIN and END lines is damaged",
  ],
  [
    "another's key",
    good.cert,
    other.key,
    "the key in /tls.key is not that of the certificate in /tls.crt; next: give the certificate and the key that were made together",
  ],
])("pair: %s", (_what, certificate, secret, found) => {
  expect(message(() => checkPair(cert(certificate), key(secret), SERVER))).toStartWith(TRIED + found);
});

test("a key with a passphrase", () => {
  const args = ["pkcs8", "-topk8", "-passout", "pass:secret"];
  const locked = execFileSync("openssl", args, { input: good.key, stdio: "pipe" }).toString();
  expect(message(() => checkPair(cert(good.cert), key(locked), SERVER))).toBe(
    `${TRIED}/tls.key: the private key is protected by a passphrase; next: put the key there without one`,
  );
});

test("dates are checked whenever they are asked for", () => {
  const pair = checkPair(cert(good.cert), key(good.key), SERVER);
  pair.checkDates(NOW);
  expect(message(() => pair.checkDates(new Date("2027-01-01T00:00:01Z")))).toBe(
    `${TRIED}/tls.crt: the certificate of O=staff, CN=jane expired on 2027-01-01T00:00:00.000Z; this machine's clock says 2027-01-01T00:00:01.000Z; next: put a certificate there that is valid now, or set the clock right`,
  );
  expect(message(() => pair.checkDates(new Date("2025-12-31T00:00:00Z")))).toContain(
    "is not valid before 2026-01-01T00:00:00.000Z; this machine's clock says 2025-12-31T00:00:00.000Z",
  );
});
