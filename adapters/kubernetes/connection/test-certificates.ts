import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";

/** A certificate and its key, both PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface TestCertificateOptions {
  readonly commonName: string;
  /** Organisations: Kubernetes reads them as groups. */
  readonly groups?: readonly string[];
  /** DNS names and addresses that a server is reached by. */
  readonly names?: readonly string[];
  readonly issuer?: TestCertificate & { readonly commonName: string };
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const OIDS = {
  commonName: "2.5.4.3",
  organisation: "2.5.4.10",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
} as const;

// DER, as far as X.509 needs it (RFC 5280, X.690).
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const prefix = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...prefix]), body]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const octets = (body: Uint8Array): Buffer => der(0x04, body);
const bits = (body: Uint8Array): Buffer => der(0x03, Buffer.from([0]), body);

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = rest.flatMap((value) => {
    const groups = [value & 0x7f];
    for (let left = value >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

/** GeneralizedTime, in whole seconds. */
function time(date: Date): Buffer {
  return der(0x18, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, "")));
}

function name(commonName: string, groups: readonly string[]): Buffer {
  const attribute = (type: string, value: string): Buffer =>
    der(0x31, sequence(oid(type), der(0x0c, Buffer.from(value))));
  return sequence(
    ...groups.map((group) => attribute(OIDS.organisation, group)),
    attribute(OIDS.commonName, commonName),
  );
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const [left = "", right = ""] = address.split("::");
  const groups = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(left), groups(right)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return Buffer.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]));
}

function extension(type: string, body: Uint8Array): Buffer {
  return sequence(oid(type), octets(body));
}

function extensions(names: readonly string[], authority: boolean): Buffer {
  const general = names.map((one) =>
    isIPv4(one) || isIPv6(one) ? der(0x87, addressBytes(one)) : der(0x82, Buffer.from(one)),
  );
  const list = [
    ...(authority ? [extension(OIDS.basicConstraints, sequence(der(0x01, Buffer.from([0xff]))))] : []),
    ...(general.length > 0 ? [extension(OIDS.subjectAlternativeName, sequence(...general))] : []),
  ];
  return list.length === 0 ? Buffer.alloc(0) : der(0xa3, sequence(...list));
}

function pem(label: string, body: Uint8Array): string {
  const lines =
    Buffer.from(body)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** A P-256 certificate, made anew each time; without `issuer` it is an authority, signed by itself. */
export function testCertificate(options: TestCertificateOptions): TestCertificate {
  const { commonName, groups = [], names = [], issuer } = options;
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer: KeyObject = issuer === undefined ? privateKey : createPrivateKey(issuer.key);
  const algorithm = sequence(oid(OIDS.ecdsaWithSha256));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name(issuer?.commonName ?? commonName, []),
    sequence(
      time(options.notBefore ?? new Date(Date.now() - 3_600_000)),
      time(options.notAfter ?? new Date(Date.now() + 86_400_000)),
    ),
    name(commonName, groups),
    publicKey.export({ type: "spki", format: "der" }),
    extensions(names, issuer === undefined),
  );
  const certificate = sequence(body, algorithm, bits(sign("sha256", body, signer)));
  return {
    cert: pem("CERTIFICATE", certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
  };
}

/** An authority that `testCertificate` takes as `issuer`. */
export function testAuthority(commonName: string): TestCertificate & { readonly commonName: string } {
  return { ...testCertificate({ commonName }), commonName };
}
