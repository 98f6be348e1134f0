import type { Metadata } from "./kubernetes-objects.ts";

export const V3 = "projectcalico.org/v3";

/** A resource of Calico's API, its fields in the order in which calicoctl prints JSON; undefined ones are left out. */
export interface Resource<Kind extends string, Spec, Meta = ResourceMetadata> {
  readonly kind: Kind;
  readonly apiVersion: string;
  readonly metadata: Meta;
  readonly spec: Spec;
}

/** v3: the metadata of a Kubernetes object. */
export interface ResourceMetadata {
  readonly name: string;
  readonly generateName?: string | undefined;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly creationTimestamp?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** The same labels, each key behind a prefix: how labels of a namespace or service account reach its endpoints. */
export function prefixedLabels(
  prefix: string,
  labels: Metadata["labels"],
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const prefixed = Object.entries(labels ?? {}).map(([key, value]) => [`${prefix}${key}`, value]);
  return { ...(Object.fromEntries(prefixed) as Record<string, string>), ...more };
}
