import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { KubeConfig, loadYaml } from "@kubernetes/client-node";
import * as v from "valibot";
import type { Environment } from "../../../model/environment.ts";
import { errorCode } from "../../../model/error-code.ts";
import { ConnectionError, fileFailure } from "./connection-error.ts";

/** Fields of a user that KubeConfig does not know. */
export interface DroppedFields {
  readonly tokenFile?: string | null | undefined;
  readonly "as-uid"?: string | null | undefined;
  readonly "as-groups"?: readonly string[] | null | undefined;
  readonly "as-user-extra"?: Readonly<Record<string, unknown>> | null | undefined;
}

/** One file, or the inline text. */
export interface KubeconfigPart {
  readonly name: string;
  /** Relative paths in it are relative to this. */
  readonly directory: string;
  readonly config: KubeConfig;
  /** What KubeConfig drops, by the name of the user. */
  readonly dropped: ReadonlyMap<string, DroppedFields>;
  /** What a plugin may be told of the cluster, by the cluster's name. */
  readonly pluginConfigs: ReadonlyMap<string, unknown>;
}

/** What should be a text; YAML makes numbers of some. */
export const KubeconfigText: v.NullishSchema<v.StringSchema<string>, undefined> = v.nullish(
  v.string("it is not a text"),
);

const Dropped = v.object({
  tokenFile: KubeconfigText,
  "as-uid": KubeconfigText,
  "as-groups": v.nullish(v.array(v.string())),
  "as-user-extra": v.nullish(v.record(v.string(), v.unknown())),
});

const Extension = v.object({ name: v.string(), extension: v.unknown() });

const Raw = v.object({
  users: v.nullish(v.array(v.object({ name: v.string(), user: v.nullish(Dropped, {}) }))),
  clusters: v.nullish(
    v.array(
      v.object({
        name: v.string(),
        cluster: v.nullish(v.object({ extensions: v.nullish(v.array(Extension)) }), {}),
      }),
    ),
  ),
});

export function kubeconfigError(name: string, found: string, next: string, cause?: unknown): ConnectionError {
  return new ConnectionError("configuration", { tried: `read the kubeconfig ${name}`, found, next }, cause);
}

export function parseKubeconfig(text: string, name: string, directory: string): KubeconfigPart {
  const config = new KubeConfig();
  try {
    // An entry that lacks something harms only who wants that entry.
    config.loadFromString(text, { onInvalidEntry: "filter" });
    const raw = v.parse(Raw, loadYaml(text));
    const users = raw.users ?? [];
    const clusters = raw.clusters ?? [];
    return {
      name,
      directory,
      config,
      dropped: new Map(users.map((user) => [user.name, user.user ?? {}])),
      pluginConfigs: new Map(
        clusters.map(({ name: cluster, cluster: fields }) => [
          cluster,
          fields?.extensions?.find((one) => one.name === "client.authentication.k8s.io/exec")?.extension,
        ]),
      ),
    };
  } catch (error) {
    throw kubeconfigError(
      name,
      defect(error),
      "correct the file; `kubectl config view` shows how it is understood",
      error,
    );
  }
}

/** Without the lines around it, which js-yaml's own message quotes: they may hold a token or a key. */
function defect(error: unknown): string {
  if (v.isValiError(error)) {
    const [issue] = error.issues;
    return `${v.getDotPath(issue) ?? "it"}: ${issue.message.replace(/ but received .*/, "")}`;
  }
  if (error instanceof Error && "reason" in error && typeof error.reason === "string") {
    const mark = "mark" in error ? (error.mark as { readonly line?: number } | undefined) : undefined;
    return `it is not YAML: ${error.reason}${mark?.line === undefined ? "" : ` in line ${mark.line + 1}`}`;
  }
  return "it is not a kubeconfig";
}

/** As kubectl: of several files those that do not exist are passed over; a single one must be there. */
export async function readKubeconfigs(
  paths: string,
  environment: Environment,
): Promise<readonly KubeconfigPart[]> {
  const files = paths
    .split(":")
    .filter((path) => path !== "")
    .map((path) =>
      resolve(path.startsWith("~/") ? join(environment["HOME"] ?? homedir(), path.slice(2)) : path),
    );
  const parts: KubeconfigPart[] = [];
  const missing: unknown[] = [];
  for (const path of files) {
    try {
      parts.push(parseKubeconfig(await readFile(path, "utf8"), path, dirname(path)));
    } catch (error) {
      if (error instanceof ConnectionError) throw error;
      const absent = errorCode(error) === "ENOENT";
      if (!absent)
        throw kubeconfigError(path, fileFailure(error), "make it a file that this user may read", error);
      missing.push(error);
    }
  }
  if (parts.length > 0) return parts;
  const found = missing.length > 1 ? "none of the files exists" : "the file does not exist";
  throw kubeconfigError(files.join(":"), found, "set KUBECONFIG to a kubeconfig file", missing[0]);
}
