import { callGrpc } from "./grpc.ts";
import { POD_IMAGE } from "./pod-image.ts";
import { type Content, entries, message, type Message, readMessage } from "./protobuf.ts";

/** A pod as the kubelet names it to the runtime, and so the runtime to the CNI plugin. */
export interface SandboxPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Of sandboxes of one pod, from 0. */
  readonly attempt?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ports?: readonly PortMapping[];
  /** Its network is the machine's; no plugin is called. */
  readonly hostNetwork?: boolean;
}

export interface PortMapping {
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp?: string;
}

/** Where nothing else is said, it waits until it is asked to end. */
export interface ContainerOptions {
  readonly name?: string;
  readonly command?: readonly string[];
  readonly privileged?: boolean;
}

export type ContainerState = "created" | "running" | "exited" | "unknown";

export interface ContainerStatus {
  readonly state: ContainerState;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
}

export interface SandboxStatus {
  readonly ready: boolean;
  /** What the plugin gave; the first is the one that the kubelet calls podIP. */
  readonly addresses: readonly string[];
  /** Of the process that holds its namespaces, so `/proc/PID/ns/net` is its network; 0 where it has ended. */
  readonly pid: number;
}

export interface Executed {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** The container runtime as the kubelet sees it: `runtime.v1.RuntimeService` of kubernetes/cri-api. Errors are GrpcErrors. */
export interface Cri {
  /** Makes a sandbox, which includes the plugin's ADD, and gives its id. */
  runPodSandbox(pod: SandboxPod): Promise<string>;
  /** Ends what runs in it and calls the plugin's DEL. */
  stopPodSandbox(sandbox: string): Promise<void>;
  removePodSandbox(sandbox: string): Promise<void>;
  podSandboxStatus(sandbox: string): Promise<SandboxStatus>;
  /** The ids of all of them. */
  listPodSandboxes(): Promise<string[]>;
  createContainer(sandbox: string, pod: SandboxPod, options?: ContainerOptions): Promise<string>;
  startContainer(container: string): Promise<void>;
  /** Kills it after so many seconds. */
  stopContainer(container: string, seconds?: number): Promise<void>;
  removeContainer(container: string): Promise<void>;
  containerStatus(container: string): Promise<ContainerStatus>;
  exec(container: string, command: readonly string[]): Promise<Executed>;
  /** Whether the network is ready, with the plugin's STATUS where the runtime asks for it, and why not. */
  networkReady(): Promise<{ readonly ready: boolean; readonly message: string }>;
}

const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const STATES: readonly ContainerState[] = ["created", "running", "exited"];
/** NamespaceMode: the sandbox's own, the container's own, the node's. */
const [POD, CONTAINER, NODE] = [0, 1, 2];

function sandboxConfig(pod: SandboxPod): Uint8Array {
  const { namespace, name, uid, attempt = 0, labels, annotations, ports = [], hostNetwork = false } = pod;
  const mappings = ports.map(({ protocol, containerPort, hostPort, hostIp }) =>
    message({ 1: PROTOCOLS.indexOf(protocol), 2: containerPort, 3: hostPort, 4: hostIp }),
  );
  return message({
    1: message({ 1: name, 2: uid, 3: namespace, 4: attempt }),
    2: hostNetwork ? undefined : name,
    5: mappings,
    6: entries(labels),
    7: entries(annotations),
    8: message({ 2: securityContext(hostNetwork, false) }),
  });
}

/** LinuxSandboxSecurityContext and LinuxContainerSecurityContext differ in where their fields stand. */
function securityContext(hostNetwork: boolean, ofContainer: boolean, privileged = false): Uint8Array {
  const namespaces = message({ 1: hostNetwork ? NODE : POD, 2: CONTAINER, 3: POD });
  return ofContainer ? message({ 2: privileged, 3: namespaces }) : message({ 1: namespaces });
}

/** The runtime behind a unix socket, which is a path as the test sees it. */
export function openCri(socket: string): Cri {
  const call = async (method: string, fields: Readonly<Record<number, Content>>): Promise<Message> =>
    readMessage(await callGrpc(socket, `/runtime.v1.RuntimeService/${method}`, message(fields)));
  const tell = async (method: string, fields: Readonly<Record<number, Content>>): Promise<void> =>
    void (await call(method, fields));
  return {
    runPodSandbox: async (pod) => (await call("RunPodSandbox", { 1: sandboxConfig(pod) })).text(1),
    stopPodSandbox: (sandbox) => tell("StopPodSandbox", { 1: sandbox }),
    removePodSandbox: (sandbox) => tell("RemovePodSandbox", { 1: sandbox }),
    podSandboxStatus: async (sandbox) => {
      const answer = await call("PodSandboxStatus", { 1: sandbox, 2: true });
      const status = answer.message(1);
      // What the runtime tells of itself when asked to be verbose: JSON under the key `info`.
      const { pid = 0 } = JSON.parse(answer.message(2).text(2)) as { pid?: number };
      const network = status.message(5);
      const addresses = [network.text(1), ...network.messages(2).map((one) => one.text(1))];
      return { ready: status.number(3) === 0, addresses: addresses.filter((address) => address !== ""), pid };
    },
    listPodSandboxes: async () => (await call("ListPodSandbox", {})).messages(1).map((one) => one.text(1)),
    createContainer: async (sandbox, pod, { name = "main", command = [], privileged = false } = {}) => {
      const context = securityContext(pod.hostNetwork ?? false, true, privileged);
      const config = message({
        1: message({ 1: name }),
        2: message({ 1: POD_IMAGE }),
        3: [...command],
        15: message({ 2: context }),
      });
      return (await call("CreateContainer", { 1: sandbox, 2: config, 3: sandboxConfig(pod) })).text(1);
    },
    startContainer: (container) => tell("StartContainer", { 1: container }),
    stopContainer: (container, seconds = 0) => tell("StopContainer", { 1: container, 2: seconds }),
    removeContainer: (container) => tell("RemoveContainer", { 1: container }),
    containerStatus: async (container) => {
      const status = (await call("ContainerStatus", { 1: container })).message(1);
      return {
        state: STATES[status.number(3)] ?? "unknown",
        exitCode: status.number(7),
        reason: status.text(10),
        message: status.text(11),
      };
    },
    exec: async (container, command) => {
      const done = await call("ExecSync", { 1: container, 2: [...command] });
      return { exitCode: done.number(3), out: done.text(1), err: done.text(2) };
    },
    networkReady: async () => {
      const conditions = (await call("Status", {})).message(1).messages(1);
      const found = conditions.find((one) => one.text(1) === "NetworkReady");
      return { ready: found?.number(2) === 1, message: found?.text(4) ?? "" };
    },
  };
}
