import * as v from "valibot";
import { textByKey } from "../../objects/labels.ts";
import { listOf, looseFields, maybe, type Schema, someText } from "../../objects/schema.ts";

/** Of an object's metadata, what Calico's view of it keeps. */
export interface Metadata {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly creationTimestamp?: string | undefined;
  readonly deletionTimestamp?: string | undefined;
  readonly generateName?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export const metadata: Schema<Metadata> = looseFields({
  name: someText,
  namespace: maybe(someText),
  uid: maybe(someText),
  resourceVersion: maybe(someText),
  creationTimestamp: maybe(someText),
  deletionTimestamp: maybe(someText),
  generateName: maybe(someText),
  labels: maybe(textByKey),
  annotations: maybe(textByKey),
});

export const someNumber: Schema<number> = v.number("expected a number");
const someFields = maybe(v.custom<Readonly<Record<string, unknown>>>((value) => typeof value === "object"));

/** A Namespace or a ServiceAccount: nothing but metadata matters. */
export interface NamedObject {
  readonly metadata: Metadata;
}

export const namedObject: Schema<NamedObject> = looseFields({ metadata });

export interface ContainerPort {
  readonly name?: string | undefined;
  readonly protocol?: string | undefined;
  readonly containerPort: number;
  readonly hostPort?: number | undefined;
  readonly hostIP?: string | undefined;
}

export interface Container {
  readonly ports: readonly ContainerPort[];
}

export interface Pod {
  readonly metadata: Metadata;
  readonly spec: {
    readonly nodeName?: string | undefined;
    readonly hostNetwork?: boolean | undefined;
    readonly serviceAccountName?: string | undefined;
    readonly containers: readonly Container[];
    readonly initContainers: readonly Container[];
  };
  /** Its addresses are read by adapters/objects/pod-addresses.ts. */
  readonly status?: Readonly<Record<string, unknown>> | undefined;
}

const container: Schema<Container> = looseFields({
  ports: listOf(
    looseFields({
      name: maybe(someText),
      protocol: maybe(someText),
      containerPort: someNumber,
      hostPort: maybe(someNumber),
      hostIP: maybe(someText),
    }),
  ),
});

export const pod: Schema<Pod> = looseFields({
  metadata,
  spec: looseFields({
    nodeName: maybe(someText),
    hostNetwork: maybe(v.boolean("expected true or false")),
    serviceAccountName: maybe(someText),
    containers: listOf(container),
    initContainers: listOf(container),
  }),
  status: someFields,
});

export interface Node {
  readonly metadata: Metadata;
  readonly spec?: { readonly podCIDRs: readonly string[] } | undefined;
  readonly status?:
    | { readonly addresses: readonly { readonly type: string; readonly address: string }[] }
    | undefined;
}

export const node: Schema<Node> = looseFields({
  metadata,
  spec: maybe(looseFields({ podCIDRs: listOf(someText) })),
  status: maybe(looseFields({ addresses: listOf(looseFields({ type: someText, address: someText })) })),
});
