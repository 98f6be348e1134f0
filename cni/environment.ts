import { CONTAINER_ID } from "../handshake/endpoint-record.ts";
import { parseAddress } from "../model/address.ts";
import { echo, shortened } from "../model/echo.ts";
import type { Environment } from "../model/environment.ts";
import { CniError } from "./cni-error.ts";
import type { CniVersion } from "../handshake/cni-version.ts";

export const VERBS = ["ADD", "DEL", "CHECK", "STATUS", "GC", "VERSION"] as const;

export type Verb = (typeof VERBS)[number];

/** Those that are about one container. */
export type AttachmentVerb = "ADD" | "DEL" | "CHECK";

/** The first version of the specification that has the verb. */
export const VERB_SINCE: Readonly<Record<Verb, CniVersion>> = {
  ADD: "0.1.0",
  DEL: "0.1.0",
  CHECK: "0.4.0",
  STATUS: "1.1.0",
  GC: "1.1.0",
  VERSION: "0.1.0",
};

/** Which pod a container is, as the runtime says it in CNI_ARGS. */
export interface PodArguments {
  readonly namespace: string;
  readonly pod: string;
  readonly uid?: string;
}

/** What the runtime says of one container by environment variables. */
export interface Attachment {
  readonly containerId: string;
  /** The pod's network namespace; absent where it is gone already (DEL only). */
  readonly namespacePath?: string;
  /** The pod's end of the link. */
  readonly podInterface: string;
  readonly pod: PodArguments;
}

const LONGEST_INTERFACE = 15;

function wrong(name: string, found: string, next: string): CniError {
  return new CniError("environment", `${name} ${found}`, next);
}

function demand(environment: Environment, name: string, whoNeedsIt: string): string {
  const value = environment[name];
  if (value === undefined || value === "")
    throw wrong(name, "is not set", `${whoNeedsIt} needs it; container runtimes set it for CNI plugins`);
  return value;
}

/** What is to be done. Throws CniError. */
export function readVerb(environment: Environment): Verb {
  const value = demand(environment, "CNI_COMMAND", "every call");
  const verb = VERBS.find((known) => known === value);
  if (verb === undefined)
    throw wrong("CNI_COMMAND", `is ${echo(value)}, which is no command`, `there are: ${VERBS.join(", ")}`);
  return verb;
}

function checkInterface(name: string, verb: AttachmentVerb): string {
  const next = `give a name of at most ${LONGEST_INTERFACE} characters without "/", ":" and white space, for example eth0`;
  if (Buffer.byteLength(name) > LONGEST_INTERFACE)
    throw wrong("CNI_IFNAME", `is ${echo(name)}, which is too long`, next);
  if (/[/:\s]/.test(name) || name === "." || name === "..")
    throw wrong("CNI_IFNAME", `is ${echo(name)}, which the kernel allows no interface`, next);
  // Nothing was ever called so, and a runtime that asked for it in vain wants to be rid of the pod.
  if (verb === "DEL") return name;
  if (name.includes("%"))
    throw wrong("CNI_IFNAME", `is ${echo(name)}, and the kernel puts a number in the place of the %`, next);
  if (name === "all" || name === "default")
    throw wrong("CNI_IFNAME", `is "${name}", which means every interface among the kernel's settings`, next);
  if (name === "lo") throw wrong("CNI_IFNAME", 'is "lo", which every network namespace has already', next);
  return name;
}

/** Throws, or tells of it and goes on. */
type Judge = (found: string, next: string) => void;

/** `KEY=VALUE;KEY=VALUE`. Later ones count; what is not known here is somebody else's. */
function readArguments(text: string, isWrong: Judge): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const part of text.split(";")) {
    if (part === "") continue;
    const at = part.indexOf("=");
    if (at < 1) isWrong(`holds ${echo(part)}, which is no KEY=VALUE`, "separate pairs by semicolons");
    else pairs.set(part.slice(0, at), part.slice(at + 1));
  }
  return pairs;
}

/** A container that no Kubernetes knows is a pod of its own name in the namespace `default`. */
function podOf(given: ReadonlyMap<string, string>, containerId: string, isWrong: Judge): PodArguments {
  const namespace = given.get("K8S_POD_NAMESPACE") ?? "";
  const pod = given.get("K8S_POD_NAME") ?? "";
  const uid = given.get("K8S_POD_UID") ?? "";
  if (namespace !== "" && pod !== "") return { namespace, pod, ...(uid !== "" && { uid }) };
  if (namespace !== "" || pod !== "") {
    const missing = namespace === "" ? "K8S_POD_NAMESPACE" : "K8S_POD_NAME";
    isWrong(`has no ${missing}`, "give both K8S_POD_NAMESPACE and K8S_POD_NAME, or neither");
  }
  return { namespace: "default", pod: containerId };
}

/**
 * The container that ADD, DEL or CHECK is about. What DEL cannot read of CNI_ARGS is told and passed over: else a pod could
 * never be taken off that was never wired because of it. Throws CniError.
 */
export function readAttachment(
  environment: Environment,
  verb: AttachmentVerb,
  tell: (text: string) => void = () => {},
): Attachment {
  const containerId = demand(environment, "CNI_CONTAINERID", verb);
  if (!CONTAINER_ID.test(containerId))
    throw wrong(
      "CNI_CONTAINERID",
      `is ${echo(containerId)}, which is no container ID`,
      "it begins with a letter or digit and holds at most 250 letters, digits, dots, underscores and hyphens",
    );
  const podInterface = checkInterface(demand(environment, "CNI_IFNAME", verb), verb);
  const namespacePath =
    verb === "DEL" ? environment["CNI_NETNS"] || undefined : demand(environment, "CNI_NETNS", verb);
  const isWrong: Judge = (found, next) => {
    if (verb !== "DEL") throw wrong("CNI_ARGS", found, next);
    tell(`CNI_ARGS ${found}`);
  };
  const given = readArguments(environment["CNI_ARGS"] ?? "", isWrong);
  const address = given.get("IP");
  if (address !== undefined && address !== "" && parseAddress(address) === undefined)
    isWrong(`has IP=${shortened(address)}, which is no address`, "give one IPv4 or IPv6 address");
  return {
    containerId,
    podInterface,
    ...(namespacePath !== undefined && { namespacePath }),
    pod: podOf(given, containerId, isWrong),
  };
}

/** Directories with other plugins, best first. */
export function readPluginPath(environment: Environment, ownDirectory: string): readonly string[] {
  const given = (environment["CNI_PATH"] ?? "").split(":").filter((part) => part !== "");
  // Whoever installed this plugin put its helpers beside it, and CNI_PATH is optional.
  return given.includes(ownDirectory) ? given : [...given, ownDirectory];
}
