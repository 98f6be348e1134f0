import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readApiStatus } from "../../adapters/kubernetes/connection/api-status.ts";
import { testAuthority, testCertificate } from "../../adapters/kubernetes/connection/test-certificates.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { freePorts } from "./free-ports.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { clientOf, failure, who } from "./who.ts";

const LONG_AGO = { notBefore: new Date(0), notAfter: new Date(86_400_000) };

// Each wrong thing has words of its own, which name the file, the host, and what to do.
let cluster: Cluster;
let folder: string;
beforeAll(async () => {
  cluster = await startCluster({ people: [{ user: "jane" }] });
  folder = join(cluster.directory, "options");
  mkdirSync(folder, { recursive: true });
}, 60_000);
afterAll(() => cluster[Symbol.asyncDispose]());

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** What a client says that was opened so, without what differs from run to run. */
async function complaint(changes: Readonly<Record<string, string>>): Promise<string> {
  const environment = {
    K8S_API_ENDPOINT: cluster.server,
    K8S_CA_FILE: cluster.identities.caFile,
    ...("K8S_CERT_FILE" in changes ? {} : { K8S_TOKEN: cluster.identities.tokenOf("jane") }),
    ...changes,
  };
  const text = await failure(who({ environment }));
  return text
    .replaceAll(cluster.server, "https://SERVER")
    .replaceAll(cluster.server.slice("https://".length), "SERVER")
    .replaceAll(folder, "FOLDER")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "DATE");
}

const AUTHORITY = "read the certificate authority of https://SERVER: FOLDER";
const CLIENT = "read the client certificate for https://SERVER: FOLDER";
const REQUEST = "GET /api/v1/secrets of https://SERVER: ";

test("an authority that did not sign the server's certificate", async () => {
  const K8S_CA_FILE = write("other.crt", testAuthority("another authority").cert);
  expect(await complaint({ K8S_CA_FILE })).toBe(
    `${REQUEST}the certificate of SERVER is not signed by the authority in FOLDER/other.crt; next: put the cluster's certificate authority into FOLDER/other.crt, and see that K8S_API_ENDPOINT names the right server`,
  );
});

test("authorities that are no PEM, damaged, or expired", async () => {
  expect(await complaint({ K8S_CA_FILE: write("garbage.crt", "garbage\n") })).toBe(
    `${AUTHORITY}/garbage.crt holds no certificate: found something that is not PEM (no -----BEGIN ... line); next: put a certificate there in PEM form (-----BEGIN CERTIFICATE-----)`,
  );
  const damaged = cluster.identities.authority.cert.replace(/\n.*\n/, "\nAAAA\n");
  expect(await complaint({ K8S_CA_FILE: write("damaged.crt", damaged) })).toBe(
    `${AUTHORITY}/damaged.crt: the certificate cannot be read; what stands between its BEGIN and END lines is damaged; next: put the certificate there anew, in PEM form`,
  );
  const expired = testCertificate({ commonName: "old", ...LONG_AGO }).cert;
  expect(await complaint({ K8S_CA_FILE: write("old.crt", expired) })).toBe(
    `${AUTHORITY}/old.crt: the certificate expired on DATE; this machine's clock says DATE; next: put the cluster's present certificate authority there, or set the clock right`,
  );
});

test("files that are not there", async () => {
  expect(await complaint({ K8S_CA_FILE: join(folder, "absent.crt") })).toBe(
    `${AUTHORITY}/absent.crt: the file does not exist; next: put the cluster's certificate authority there, in PEM form`,
  );
  expect(await complaint({ KUBECONFIG: join(folder, "absent") })).toBe(
    "read the kubeconfig FOLDER/absent: the file does not exist; next: set KUBECONFIG to a kubeconfig file",
  );
  const { keyFile } = cluster.identities.certificateOf({ user: "carol" });
  expect(await complaint({ K8S_CERT_FILE: join(folder, "absent.crt"), K8S_KEY_FILE: keyFile })).toBe(
    "read the client certificate for https://SERVER: FOLDER/absent.crt: the file does not exist; next: put the client certificate there; it is read again before the next request",
  );
});

test("client certificates that are no PEM, of another key, or expired", async () => {
  const { certFile, keyFile } = cluster.identities.certificateOf({ user: "carol" });
  const own = (pair: { certFile: string; keyFile: string }) => ({
    K8S_CERT_FILE: write("client.crt", readFileSync(pair.certFile, "utf8")),
    K8S_KEY_FILE: write("client.key", readFileSync(pair.keyFile, "utf8")),
  });
  expect(await complaint({ K8S_CERT_FILE: write("garbage", "x"), K8S_KEY_FILE: keyFile })).toBe(
    `${CLIENT}/garbage holds no certificate: found something that is not PEM (no -----BEGIN ... line); next: put a certificate there in PEM form (-----BEGIN CERTIFICATE-----)`,
  );
  const other = cluster.identities.certificateOf({ user: "dave" });
  expect(await complaint(own({ certFile, keyFile: other.keyFile }))).toBe(
    "read the client certificate for https://SERVER: the key in FOLDER/client.key is not that of the certificate in FOLDER/client.crt; next: give the certificate and the key that were made together",
  );
  expect(await complaint(own(cluster.identities.certificateOf({ user: "carol" }, LONG_AGO)))).toBe(
    `${CLIENT}/client.crt: the certificate of CN=carol expired on DATE; this machine's clock says DATE; next: put a certificate there that is valid now, or set the clock right`,
  );
});

test("a server that is not there", async () => {
  const [port = 0] = freePorts(1, undefined);
  const text = await complaint({ K8S_API_ENDPOINT: `https://127.0.0.1:${port}` });
  expect(text.replaceAll(`127.0.0.1:${port}`, "SERVER")).toBe(
    `${REQUEST}SERVER cannot be connected to (ECONNREFUSED); next: see that the API server runs, and that K8S_API_ENDPOINT names it and its port`,
  );
});

test("a name that the server's certificate does not have", async () => {
  const server = { server: cluster.server, "certificate-authority": cluster.identities.caFile };
  const named = { ...server, "tls-server-name": "elsewhere.test" };
  const token = cluster.identities.tokenOf("jane");
  const KUBECONFIG = write("named", kubeconfigText(named, { token }));
  expect(await failure(who({ environment: { KUBECONFIG } }))).toEndWith(
    "is not for elsewhere.test; next: set tls-server-name in the kubeconfig to a name that the certificate holds",
  );
});

async function refusal(token: string): Promise<string> {
  const environment = { K8S_API_ENDPOINT: cluster.server, K8S_CA_FILE: cluster.identities.caFile };
  using client = await clientOf({ environment: { ...environment, K8S_TOKEN: token } });
  const asked = { path: "/api/v1/pods", signal: AbortSignal.timeout(10_000) };
  const { found, next } = await readApiStatus(await client.request(asked));
  return `${found}; next: ${next}`;
}

test("a token that the server refuses", async () => {
  expect(await refusal("refused-by-the-server")).toBe(
    "the API server does not accept the credentials (401 Unauthorized); next: see that the token or client certificate is of this cluster, has not expired, and that its account still exists",
  );
});

test("a user without rights", async () => {
  expect(await refusal(cluster.identities.tokenOf("jane"))).toBe(
    'user "jane" may not list pods (403 Forbidden); next: grant it by RBAC: a ClusterRole with apiGroups [""], resources ["pods"], verbs ["list"], bound to user "jane"',
  );
});

test("plain HTTP to the port that speaks TLS", async () => {
  const environment = { K8S_API_ENDPOINT: cluster.server.replace("https:", "http:") };
  using client = await clientOf({ environment });
  const asked = { path: "/api/v1/pods", signal: AbortSignal.timeout(10_000) };
  const { found, next } = await readApiStatus(await client.request(asked));
  expect(`${found}; next: ${next}`).toBe(
    "the API server answered 400: Client sent an HTTP request to an HTTPS server.; next: write https:// in the server's URL",
  );
});
