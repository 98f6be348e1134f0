import * as v from "valibot";
import { CONTAINER_ID } from "../handshake/endpoint-record.ts";
import { RUN_DIRECTORY } from "../handshake/run-paths.ts";
import { type Fields, ignoredFields, refuseUnsupported } from "./calico-fields.ts";
import { CniError } from "./cni-error.ts";
import { CNI_VERSIONS, type CniVersion, isAtLeast, isCniVersion, UNSAID_VERSION } from "./cni-version.ts";
import { type Verb, VERB_SINCE } from "./environment.ts";

/** A container and its interface, as the runtime lists those that live (GC). */
export interface ValidAttachment {
  readonly containerId: string;
  readonly podInterface: string;
}

/** The network's configuration, checked. */
export interface NetworkConfiguration {
  readonly version: CniVersion;
  readonly name: string;
  /** As it came: what host-local needs of it is host-local's to judge. */
  readonly ipam: Fields & { readonly type: string };
  /** Bytes; 0: what the agent says. */
  readonly mtu: number;
  readonly setupTimeoutSeconds: number;
  readonly logLevel: string;
  readonly runDirectory: string;
  readonly allowIpForwarding: boolean;
  /** For the result. */
  readonly dns: Fields | undefined;
  /** What ADD said once, as it came. */
  readonly previous: Fields | undefined;
  readonly validAttachments: readonly ValidAttachment[] | undefined;
  /** All of it, for plugins that this one calls. */
  readonly whole: Fields;
  /** What has no effect here, in words. */
  readonly ignored: readonly string[];
}

const DEFAULT_SETUP_SECONDS = 30;
/** The specification's words for names of networks and of containers are the same. */
const NETWORK_NAME = CONTAINER_ID;

function expected(what: string): (issue: v.BaseIssue<unknown>) => string {
  return ({ input }) => `is ${JSON.stringify(input)}; expected ${what}`;
}

/** For objects: a field that must be there has no value to judge. */
function expectedObject(what: string): (issue: v.BaseIssue<unknown>) => string {
  const message = expected(what);
  return (issue) => (issue.expected?.startsWith('"') === true ? "is missing" : message(issue));
}

const number = (least: number, most: number): v.GenericSchema<unknown, number> => {
  const message = expected(`a whole number from ${least} to ${most}`);
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
};
const boolean = v.boolean(expected("true or false"));
const text = v.string(expected("a text"));
const object = v.custom<Fields>(
  (given) => typeof given === "object" && given !== null && !Array.isArray(given),
  expected("an object"),
);

const name = v.pipe(
  text,
  v.regex(NETWORK_NAME, expected("letters, digits, dots, underscores and hyphens, a letter or digit first")),
);

const ATTACHMENTS = v.pipe(
  v.array(
    v.object({ containerID: text, ifname: text }, expectedObject("an object with containerID and ifname")),
    expected("a list"),
  ),
  v.transform((list) =>
    list.map(({ containerID, ifname }): ValidAttachment => ({
      containerId: containerID,
      podInterface: ifname,
    })),
  ),
);

const SCHEMA = v.object(
  {
    name,
    ipam: v.looseObject({ type: text }, expectedObject("an object: { type: host-local, ... }")),
    mtu: v.nullish(number(0, 65_535), 0),
    policy_setup_timeout_seconds: v.nullish(number(0, 3_600), 0),
    log_level: v.nullish(text, "warning"),
    run_dir: v.nullish(v.pipe(text, v.startsWith("/", expected("an absolute path"))), RUN_DIRECTORY),
    container_settings: v.nullish(
      v.object({ allow_ip_forwarding: v.nullish(boolean, false) }, expected("an object")),
      { allow_ip_forwarding: false },
    ),
    dns: v.nullish(object),
    runtimeConfig: v.nullish(object),
    args: v.nullish(object),
    prevResult: v.nullish(object),
    "cni.dev/valid-attachments": v.nullish(ATTACHMENTS),
    // The name that the specification gave it before its release, and libcni still sends.
    "cni.dev/attachments": v.nullish(ATTACHMENTS),
  },
  expectedObject("an object"),
);

/** What stands on standard input. Throws CniError. */
export function parseStdin(stdin: string): Fields {
  let given: unknown;
  try {
    given = JSON.parse(stdin);
  } catch (error) {
    const found = stdin.trim() === "" ? "is empty" : `is not JSON: ${(error as Error).message}`;
    throw new CniError("notJson", `standard input ${found}`, "give the network's configuration there");
  }
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return given as Fields;
  const found = Array.isArray(given) ? "a list" : JSON.stringify(given);
  throw new CniError(
    "configuration",
    `the network's configuration is ${found}`,
    "give one plugin's configuration, a JSON object",
  );
}

/** The configuration's version, where it is one that is spoken here and knows the verb. Throws CniError. */
export function readVersion({ cniVersion }: Fields, verb: Verb): CniVersion {
  const given = cniVersion === undefined || cniVersion === "" ? UNSAID_VERSION : cniVersion;
  const next = `set cniVersion to one of ${CNI_VERSIONS.join(", ")}`;
  if (typeof given !== "string" || !isCniVersion(given))
    throw new CniError("version", `cniVersion is ${JSON.stringify(given)}, which is not spoken here`, next);
  const since = VERB_SINCE[verb];
  if (!isAtLeast(given, since))
    throw new CniError("version", `cniVersion is "${given}", which has no ${verb}`, `it came with ${since}`);
  return given;
}

function checkIpam(ipam: Fields & { readonly type: string }): void {
  if (ipam.type === "host-local") return;
  throw new CniError(
    "field",
    `ipam.type is "${ipam.type}", which is not supported`,
    "set ipam to { type: host-local, subnet: usePodCidr }",
  );
}

/** Throws CniError: a version, a field that is not supported, or one that is wrong. */
export function readNetworkConfiguration(whole: Fields, verb: Verb): NetworkConfiguration {
  const version = readVersion(whole, verb);
  const parsed = v.safeParse(SCHEMA, whole);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new CniError(
      "configuration",
      `${v.getDotPath(issue) ?? "the configuration"} ${issue.message}`,
      "mend the network's configuration in /etc/cni/net.d, or the template that the agent writes it from",
    );
  }
  const given = parsed.output;
  // What was wired by a configuration of another plugin, or of former days, must still be undone.
  if (verb !== "DEL" && verb !== "GC") {
    refuseUnsupported(whole);
    checkIpam(given.ipam);
  }
  return {
    version,
    name: given.name,
    ipam: given.ipam,
    mtu: given.mtu,
    setupTimeoutSeconds: given.policy_setup_timeout_seconds || DEFAULT_SETUP_SECONDS,
    logLevel: given.log_level,
    runDirectory: given.run_dir,
    allowIpForwarding: given.container_settings.allow_ip_forwarding,
    dns: given.dns ?? undefined,
    previous: given.prevResult ?? undefined,
    validAttachments: given["cni.dev/valid-attachments"] ?? given["cni.dev/attachments"] ?? undefined,
    whole,
    ignored: ignoredFields(whole),
  };
}
