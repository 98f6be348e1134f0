import type { EndpointId } from "../../model/endpoint.ts";
import type { AddressSetId, ProgramId, ServiceSetId } from "../../model/ruleset.ts";
import type { ChainObject, Command, Expression, SetType, Statement, Verdict } from "./batch.ts";

export interface KernelRule {
  readonly expr: readonly Statement[];
  readonly comment?: string;
}

export interface KernelChain {
  readonly name: string;
  /** Base chains only. Their policy is always accept: they see packets of others too. */
  readonly hook?: {
    readonly name: NonNullable<ChainObject["hook"]>;
    readonly priority: number;
    /** Default: `filter`. */
    readonly type?: NonNullable<ChainObject["type"]>;
  };
  readonly rules: readonly KernelRule[];
}

/** A set or a verdict map, without what is in it. */
export interface KernelSet {
  readonly name: string;
  readonly type: SetType | readonly SetType[];
  readonly interval: boolean;
  readonly map: boolean;
}

/** One element; a map's has a verdict. */
export interface KernelElement {
  /** The set or map that it is in. */
  readonly set: string;
  readonly key: Expression;
  readonly verdict?: Verdict;
}

/** Elements by the text of their place and key: two elements of one text would be one in the kernel. */
export type KernelElements = ReadonlyMap<string, KernelElement>;

/** What one object of the wish is in the kernel. Elements may lie in sets of somebody else. */
export interface Rendering {
  readonly sets: readonly KernelSet[];
  readonly chains: readonly KernelChain[];
  readonly elements: KernelElements;
}

export const EMPTY_RENDERING: Rendering = { sets: [], chains: [], elements: new Map() };

/** The object of the wish that a command serves: what is closed if the kernel refuses the command. */
export type Origin =
  | { readonly kind: "addressSet"; readonly id: AddressSetId }
  | { readonly kind: "serviceSet"; readonly id: ServiceSetId }
  | { readonly kind: "program"; readonly id: ProgramId }
  | { readonly kind: "endpoint"; readonly id: EndpointId }
  /** `id`: the ranges in words. */
  | { readonly kind: "masquerade"; readonly id: string }
  /** The fixed chains and maps: nothing works without them. */
  | { readonly kind: "frame" };

/** A command and whom it serves. */
export interface Step {
  readonly command: Command;
  readonly origin: Origin;
}

export function elementsByText(elements: Iterable<KernelElement>): KernelElements {
  const byText = new Map<string, KernelElement>();
  for (const element of elements) byText.set(elementText(element), element);
  return byText;
}

function elementText({ set, key }: KernelElement): string {
  return `${set} ${keyText(key)}`;
}

function keyText(key: Expression): string {
  if (typeof key !== "object") return String(key);
  return "concat" in key ? key.concat.map(keyText).join(" . ") : JSON.stringify(key);
}
