import * as v from "valibot";
import { type Fields, ignoredFields, unsupportedField } from "./calico-fields.ts";
import { CNI_VERSIONS, type CniVersion, isCniVersion, UNSAID_VERSION } from "./cni-version.ts";
import { echo } from "../model/echo.ts";
import { CONTAINER_ID } from "./endpoint-record.ts";
import { RUN_DIRECTORY } from "./run-paths.ts";

/** A container and its interface, as the runtime lists those that live (GC). */
export interface ValidAttachment {
  readonly containerId: string;
  readonly podInterface: string;
}

/** One plugin's configuration in a network, checked. */
export interface PluginConfiguration {
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
/** Bytes; the kernel makes no smaller veth. */
const SMALLEST_MTU = 68;
const LARGEST_MTU = 65_535;
const EXPECTED_MTU = `0 or a whole number from ${SMALLEST_MTU} to ${LARGEST_MTU}`;
/** The specification's words for names of networks and of containers are the same. */
const NETWORK_NAME = CONTAINER_ID;

function expected(what: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) => `is ${echo(input)}; expected ${what}`;
}

/** For objects: a field that must be there has no value to judge. */
function expectedObject(what: string): (issue: v.BaseIssue<unknown>) => string {
  const message = expected(what);
  return (issue) => (issue.expected?.startsWith('"') === true ? "is missing" : message(issue));
}

const number = (
  least: number,
  most: number,
  what: string = `a whole number from ${least} to ${most}`,
): v.GenericSchema<unknown, number> => {
  const message = expected(what);
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
    mtu: v.nullish(number(0, LARGEST_MTU, EXPECTED_MTU), 0),
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

/** What is wrong with a configuration, and what to do; `code` as the plugin answers it. */
export interface RefusedConfiguration {
  readonly ok: false;
  readonly code: "version" | "configuration" | "field";
  readonly found: string;
  readonly next: string;
}

function refused(code: RefusedConfiguration["code"], found: string, next: string): RefusedConfiguration {
  return { ok: false, code, found, next };
}

export function readSpokenVersion({
  cniVersion,
}: Fields): { readonly ok: true; readonly version: CniVersion } | RefusedConfiguration {
  const given = cniVersion === undefined || cniVersion === "" ? UNSAID_VERSION : cniVersion;
  if (typeof given === "string" && isCniVersion(given)) return { ok: true, version: given };
  return refused(
    "version",
    `cniVersion is ${echo(given)}, which is not spoken here`,
    `set cniVersion to one of ${CNI_VERSIONS.join(", ")}`,
  );
}

/** Whether interfaces can have it; not said, it is 0. */
export function isMtu(mtu: number): boolean {
  return Number.isInteger(mtu) && mtu >= SMALLEST_MTU && mtu <= LARGEST_MTU;
}

function refusedValue(found: string): RefusedConfiguration {
  const next =
    "mend the network's configuration in /etc/cni/net.d, or the template that the agent writes it from";
  return refused("configuration", found, next);
}

/** What keeps pods from being wired, and none from being taken off. */
function refusedFields(
  whole: Fields,
  { ipam, mtu }: { readonly ipam: { readonly type: string }; readonly mtu: number },
): RefusedConfiguration | undefined {
  if (mtu !== 0 && !isMtu(mtu)) return refusedValue(`mtu ${expected(EXPECTED_MTU)({ input: mtu })}`);
  const unsupported = unsupportedField(whole);
  if (unsupported !== undefined) return refused("field", unsupported.found, unsupported.next);
  if (ipam.type === "host-local") return undefined;
  return refused(
    "field",
    `ipam.type is ${echo(ipam.type)}, which is not supported`,
    "set ipam to { type: host-local, subnet: usePodCidr }",
  );
}

/** An empty list is `null` in the mouth of a program in Go; only a key that is not there asks for nothing. */
function validAttachments(given: v.InferOutput<typeof SCHEMA>): readonly ValidAttachment[] | undefined {
  const [now, former] = [given["cni.dev/valid-attachments"], given["cni.dev/attachments"]];
  return now ?? former ?? (now === null || former === null ? [] : undefined);
}

export interface ReadingPluginConfiguration {
  /** To undo what was wired, what is not supported does not matter. */
  readonly undoing?: boolean;
}

/** Judges it as the plugin does when it is called, so that whoever writes one knows before. */
export function readPluginConfiguration(
  whole: Fields,
  { undoing = false }: ReadingPluginConfiguration = {},
): { readonly ok: true; readonly configuration: PluginConfiguration } | RefusedConfiguration {
  const spoken = readSpokenVersion(whole);
  if (!spoken.ok) return spoken;
  const parsed = v.safeParse(SCHEMA, whole);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return refusedValue(`${v.getDotPath(issue) ?? "the configuration"} ${issue.message}`);
  }
  const given = parsed.output;
  const wrong = undoing ? undefined : refusedFields(whole, given);
  if (wrong !== undefined) return wrong;
  const configuration: PluginConfiguration = {
    version: spoken.version,
    name: given.name,
    ipam: given.ipam,
    mtu: given.mtu,
    setupTimeoutSeconds: given.policy_setup_timeout_seconds || DEFAULT_SETUP_SECONDS,
    logLevel: given.log_level,
    runDirectory: given.run_dir,
    allowIpForwarding: given.container_settings.allow_ip_forwarding,
    dns: given.dns ?? undefined,
    previous: given.prevResult ?? undefined,
    validAttachments: validAttachments(given),
    whole,
    ignored: ignoredFields(whole),
  };
  return { ok: true, configuration };
}
