import type { LabelSelector, Maybe, Metadata, Requirement, World } from "./objects.ts";
import { namespaceOf } from "./objects.ts";

type LabelMap = Readonly<Record<string, string>>;

function requirementHolds({ key, operator, values }: Requirement, labels: LabelMap): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && (values ?? []).includes(value);
    case "NotIn":
      return value === undefined || !(values ?? []).includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      throw new Error(`operator ${operator} should have been refused before`);
  }
}

/** What a label's value can be. Servers still serve selectors from before they checked this. */
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

function isPossible(selector: Maybe<LabelSelector>): boolean {
  const values = (selector?.matchExpressions ?? []).flatMap((requirement) => requirement.values ?? []);
  return [...Object.values(selector?.matchLabels ?? {}), ...values].every((value) => LABEL_VALUE.test(value));
}

/** Every label and every expression must hold; an empty selector holds for all, one with an impossible value for none. */
export function selects(selector: Maybe<LabelSelector>, labels: Maybe<LabelMap>): boolean {
  const present = labels ?? {};
  const wanted = Object.entries(selector?.matchLabels ?? {});
  return (
    isPossible(selector) &&
    wanted.every(([key, value]) => Object.hasOwn(present, key) && present[key] === value) &&
    (selector?.matchExpressions ?? []).every((requirement) => requirementHolds(requirement, present))
  );
}

/** The labels of the namespace in which an object lives: the server adds its name, object or none. */
export function namespaceLabels(world: World, metadata: Metadata): LabelMap {
  const name = namespaceOf(metadata);
  const found = world.namespaces.find((namespace) => namespace.metadata.name === name);
  return { ...found?.metadata.labels, "kubernetes.io/metadata.name": name };
}
