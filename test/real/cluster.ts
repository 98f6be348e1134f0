import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { freePorts } from "./free-ports.ts";
import { type Identities, makeIdentities, type Person } from "./identities.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { newestProgram } from "./newest.ts";
import { apiServerMinor, program } from "./programs.ts";
import { ServerProcess } from "./server-process.ts";

export interface ClusterOptions {
  /** Where the servers and kubectl run; `lo` must be up in it. Default: beside the test itself. */
  readonly network?: NetworkNamespace;
  /** Who has a token, beside `admin` of the group system:masters. */
  readonly people?: readonly Person[];
  /** The servers and kubectl of script/newest-kubernetes in place of those of script/real-servers. */
  readonly newest?: boolean;
  /** Pods get the account that they name, and its token. Default: none needs one, for no controller makes them. */
  readonly serviceAccounts?: boolean;
  /** For the API server, beside those that it needs here, for example feature gates. */
  readonly apiServerArgs?: readonly string[];
}

/** A real etcd and a real kube-apiserver, alone in a temporary directory, on ports that were free. */
export interface Cluster extends AsyncDisposable {
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  readonly port: number;
  readonly directory: string;
  readonly network: NetworkNamespace | undefined;
  readonly identities: Identities;
  readonly adminKubeconfig: string;
  readonly apiServer: ServerProcess;
  readonly etcd: ServerProcess;
  /** `http://127.0.0.1:PORT`. */
  readonly etcdServer: string;
  /** Runs kubectl as admin and gives its standard output; throws with what it complained about. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** A token for a service account; with the name of a pod there bound to it, as pods get them. */
  serviceAccountToken(namespace: string, name: string, pod?: string): Promise<string>;
  /** Waits until the API server says that it is ready. */
  ready(): Promise<void>;
  /** A second API server for the same etcd, and its port; it is ready. */
  addApiServer(): Promise<{ readonly port: number; readonly process: ServerProcess }>;
  /** Stops etcd and copies its data. */
  saveEtcd(): Promise<string>;
  /** Starts etcd with such a copy in place of its data; with nothing where there is no copy. */
  restoreEtcd(copy?: string): Promise<void>;
}

const ADMIN: Person = { user: "admin", groups: ["system:masters"] };

/** A server whose port somebody else took since it was found free. */
const PORT_TAKEN = /address already in use/;

/** Where the programs of one Kubernetes are. */
interface Programs {
  readonly etcd: string;
  readonly apiServer: string;
  readonly kubectl: string;
}

function programsOf(newest: boolean): Programs {
  const where = newest ? newestProgram : program;
  return { etcd: where("etcd"), apiServer: where("kube-apiserver"), kubectl: where("kubectl") };
}

interface Ports {
  readonly etcd: number;
  readonly peer: number;
  readonly api: number;
}

function etcdArgs(data: string, { etcd, peer }: Ports): string[] {
  const [client, own] = [`http://127.0.0.1:${etcd}`, `http://127.0.0.1:${peer}`];
  return [
    `--data-dir=${data}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${own}`,
    `--initial-advertise-peer-urls=${own}`,
    `--initial-cluster=default=${own}`,
    "--log-level=warn",
    "--logger=zap",
  ];
}

interface ApiServerSetting {
  readonly directory: string;
  readonly identities: Identities;
  readonly programs: Programs;
  readonly serviceAccounts: boolean;
}

function apiServerArgs(
  { directory, identities, programs, serviceAccounts }: ApiServerSetting,
  { etcd, api }: Ports,
): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    `--secure-port=${api}`,
    "--bind-address=127.0.0.1",
    // Without these two it looks for an interface with a default route, which a namespace may lack.
    "--advertise-address=192.0.2.1",
    "--endpoint-reconciler-type=none",
    ...(apiServerMinor(programs.apiServer) < 24 ? ["--insecure-port=0"] : []),
    `--cert-dir=${directory}`,
    `--tls-cert-file=${identities.server.certFile}`,
    `--tls-private-key-file=${identities.server.keyFile}`,
    `--client-ca-file=${identities.caFile}`,
    `--token-auth-file=${identities.tokenFile}`,
    `--service-account-key-file=${identities.serviceAccountKeyFile}`,
    `--service-account-signing-key-file=${identities.serviceAccountKeyFile}`,
    "--service-account-issuer=https://tortie.test",
    "--service-cluster-ip-range=10.96.0.0/24",
    "--authorization-mode=RBAC",
    ...(serviceAccounts ? [] : ["--disable-admission-plugins=ServiceAccount"]),
    // The names of nodes resolve nowhere.
    "--kubelet-preferred-address-types=InternalIP",
  ];
}

/** Starts both and waits until they serve. Close it with `await using`, or in afterAll. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  for (let attempt = 1; ; attempt++) {
    const cluster = prepare(options);
    try {
      cluster.etcd.start();
      cluster.apiServer.start();
      await cluster.ready();
      return cluster;
    } catch (error) {
      const taken = PORT_TAKEN.test(cluster.etcd.said() + cluster.apiServer.said());
      await cluster[Symbol.asyncDispose]();
      if (!taken || attempt === 5) throw error;
    }
  }
}

function prepare(options: ClusterOptions): Cluster {
  const { network, people = [], newest = false, serviceAccounts = false } = options;
  const { apiServerArgs: moreArgs = [] } = options;
  const programs = programsOf(newest);
  const directory = mkdtempSync(join(tmpdir(), "tortie-real-"));
  const [etcdPort = 0, peer = 0, api = 0] = freePorts(3, network);
  const ports: Ports = { etcd: etcdPort, peer, api };
  const identities = makeIdentities(join(directory, "identities"), [ADMIN, ...people]);
  const server = `https://127.0.0.1:${api}`;
  const adminKubeconfig = join(directory, "admin.kubeconfig");
  const connection = { server, "certificate-authority": identities.caFile };
  writeFileSync(adminKubeconfig, kubeconfigText(connection, { token: identities.tokenOf(ADMIN.user) }));
  const data = join(directory, "etcd");
  const setting = { directory, identities, programs, serviceAccounts };
  const processOf = (path: string, log: string, args: readonly string[]): ServerProcess =>
    new ServerProcess({ program: path, args, log: join(directory, log), directory, network });
  const etcd = processOf(programs.etcd, "etcd.log", etcdArgs(data, ports));
  const apiServerAt = (log: string, own: Ports): ServerProcess =>
    processOf(programs.apiServer, log, [...apiServerArgs(setting, own), ...moreArgs]);
  const apiServer = apiServerAt("kube-apiserver.log", ports);

  const kubectl = async (args: readonly string[], input = ""): Promise<string> => {
    const words = [programs.kubectl, `--kubeconfig=${adminKubeconfig}`, ...args];
    const env = { HOME: directory, PATH: process.env["PATH"] ?? "" };
    const spawn = () => Bun.spawn(words, { env, stdin: Buffer.from(input), stdout: "pipe", stderr: "pipe" });
    const child = network === undefined ? spawn() : network.run(spawn);
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    if (child.exitCode !== 0) throw new Error(`kubectl ${args.join(" ")}: ${err.trim()}`);
    return out;
  };

  const untilReady = async (one: ServerProcess, url: string): Promise<void> => {
    const question = ["get", "--raw", "/readyz", "--request-timeout=2s", `--server=${url}`];
    for (;;) {
      const dead = [etcd, one].find(({ running }) => !running);
      if (dead !== undefined) throw new Error(`a server of the test ended: ${dead.said()}`);
      if ((await kubectl(question).catch(() => "")) === "ok") return;
      await Bun.sleep(20);
    }
  };
  const added: ServerProcess[] = [];

  let copies = 0;
  return {
    server,
    port: api,
    directory,
    network,
    identities,
    adminKubeconfig,
    apiServer,
    etcd,
    etcdServer: `http://127.0.0.1:${etcdPort}`,
    kubectl,
    ready: () => untilReady(apiServer, server),
    addApiServer: async () => {
      const [port = 0] = freePorts(1, network);
      const second = apiServerAt(`kube-apiserver-${port}.log`, { ...ports, api: port });
      added.push(second);
      second.start();
      await untilReady(second, `https://127.0.0.1:${port}`);
      return { port, process: second };
    },
    serviceAccountToken: async (namespace, name, pod) => {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const spec = pod === undefined ? {} : { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: pod } };
      const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
      const answer = await kubectl(["create", "--raw", path, "-f", "-"], JSON.stringify(request));
      return (JSON.parse(answer) as { status: { token: string } }).status.token;
    },
    saveEtcd: async () => {
      await etcd.stop();
      const copy = join(directory, `etcd-copy-${++copies}`);
      cpSync(data, copy, { recursive: true });
      return copy;
    },
    restoreEtcd: async (copy) => {
      await etcd.stop();
      rmSync(data, { recursive: true, force: true });
      if (copy !== undefined) cpSync(copy, data, { recursive: true });
      etcd.start();
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([apiServer, etcd, ...added].map((one) => one.kill()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
