import * as v from "valibot";
import { textByKey } from "../../objects/labels.ts";
import { listOf, looseFields, maybe, type Schema, someText, strictFields } from "../../objects/schema.ts";
import { type Metadata, metadata, someNumber } from "./kubernetes-objects.ts";

export interface Requirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values: readonly string[];
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions: readonly Requirement[];
}

export interface Peer {
  readonly podSelector?: LabelSelector | undefined;
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly ipBlock?: { readonly cidr: string; readonly except: readonly string[] } | undefined;
}

export interface PolicyPort {
  readonly protocol?: string | undefined;
  readonly port?: number | string | undefined;
  readonly endPort?: number | undefined;
}

export interface PolicyRule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports: readonly PolicyPort[];
}

export interface NetworkPolicy {
  readonly metadata: Metadata;
  readonly spec?:
    | {
        readonly podSelector?: LabelSelector | undefined;
        readonly policyTypes: readonly ("Ingress" | "Egress")[];
        readonly ingress: readonly PolicyRule[];
        readonly egress: readonly PolicyRule[];
      }
    | undefined;
}

const selector: Schema<LabelSelector> = strictFields({
  matchLabels: maybe(textByKey),
  matchExpressions: listOf(
    strictFields({
      key: someText,
      operator: v.picklist(
        ["In", "NotIn", "Exists", "DoesNotExist"],
        "expected In, NotIn, Exists or DoesNotExist",
      ),
      values: listOf(someText),
    }),
  ),
});

const peer: Schema<Peer> = strictFields({
  podSelector: maybe(selector),
  namespaceSelector: maybe(selector),
  ipBlock: maybe(strictFields({ cidr: someText, except: listOf(someText) })),
});

const ports = listOf(
  strictFields({
    protocol: maybe(someText),
    port: maybe(v.union([someNumber, someText], "expected a number or a name")),
    endPort: maybe(someNumber),
  }),
);

// A field that nobody knows would be a condition left out of what is shown: strict, as where policies are compiled.
export const networkPolicy: Schema<NetworkPolicy> = looseFields({
  metadata,
  spec: maybe(
    strictFields({
      podSelector: maybe(selector),
      policyTypes: listOf(v.picklist(["Ingress", "Egress"], "expected Ingress or Egress")),
      ingress: listOf<PolicyRule>(strictFields({ from: listOf(peer), ports })),
      egress: listOf<PolicyRule>(strictFields({ to: listOf(peer), ports })),
    }),
  ),
});
