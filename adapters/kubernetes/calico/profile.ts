import type { NamedObject } from "./kubernetes-objects.ts";
import { reversedUid } from "./reversed-uid.ts";
import { prefixedLabels, type Resource, V3 } from "./resource.ts";

export const NAMESPACE_PROFILE = "kns.";
export const SERVICE_ACCOUNT_PROFILE = "ksa.";

export interface ProfileSpec {
  readonly ingress?: readonly {
    readonly action: "Allow";
    readonly source: object;
    readonly destination: object;
  }[];
  readonly egress?: readonly {
    readonly action: "Allow";
    readonly source: object;
    readonly destination: object;
  }[];
  readonly labelsToApply: Readonly<Record<string, string>>;
}

export type Profile = Resource<"Profile", ProfileSpec>;

const EVERYTHING = [{ action: "Allow", source: {}, destination: {} }] as const;

export function serviceAccountProfileName(namespace: string, account: string): string {
  return `${SERVICE_ACCOUNT_PROFILE}${namespace}.${account}`;
}

/** The profile of a namespace: allows everything, and passes the namespace's labels on. */
export function namespaceToProfile({ metadata }: NamedObject): Profile {
  return {
    kind: "Profile",
    apiVersion: V3,
    metadata: {
      name: `${NAMESPACE_PROFILE}${metadata.name}`,
      uid: reversedUid(metadata.uid),
      resourceVersion: `${metadata.resourceVersion ?? ""}/`,
      creationTimestamp: metadata.creationTimestamp,
    },
    spec: {
      ingress: EVERYTHING,
      egress: EVERYTHING,
      labelsToApply: prefixedLabels("pcns.", metadata.labels, {
        "pcns.projectcalico.org/name": metadata.name,
      }),
    },
  };
}

/** The profile of a service account: no rules, only its labels. */
export function serviceAccountToProfile({ metadata }: NamedObject): Profile {
  return {
    kind: "Profile",
    apiVersion: V3,
    metadata: {
      name: serviceAccountProfileName(metadata.namespace ?? "default", metadata.name),
      uid: reversedUid(metadata.uid),
      resourceVersion: `/${metadata.resourceVersion ?? ""}`,
      creationTimestamp: metadata.creationTimestamp,
    },
    spec: {
      labelsToApply: prefixedLabels("pcsa.", metadata.labels, {
        "pcsa.projectcalico.org/name": metadata.name,
      }),
    },
  };
}
