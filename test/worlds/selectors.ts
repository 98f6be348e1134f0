import * as fc from "fast-check";
import type { LabelSelector, Requirement } from "../oracle/objects.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** One of the words. */
export function oneOf<Word>(words: readonly Word[]): fc.Arbitrary<Word> {
  return fc.constantFrom(...words);
}

export function arbitraryLabels({
  labelKeys,
  labelValues,
}: Vocabulary): fc.Arbitrary<Record<string, string>> {
  return fc
    .uniqueArray(fc.tuple(oneOf(labelKeys), oneOf(labelValues)), { maxLength: 3, selector: ([key]) => key })
    .map((entries) => Object.fromEntries(entries));
}

function arbitraryRequirement({ labelKeys, labelValues }: Vocabulary): fc.Arbitrary<Requirement> {
  const values = fc.uniqueArray(oneOf(labelValues), { minLength: 1, maxLength: 3 });
  return fc.oneof(
    fc.record({ key: oneOf(labelKeys), operator: oneOf(["In", "NotIn"]), values }),
    fc.record(
      {
        key: oneOf(labelKeys),
        operator: oneOf(["Exists", "DoesNotExist"]),
        values: oneOf<readonly string[] | null>([[], null]),
      },
      { requiredKeys: ["key", "operator"] },
    ),
  );
}

/** Every way to write a selector: absent, null and empty lists, labels, expressions, and both at once. */
export function arbitrarySelector(words: Vocabulary): fc.Arbitrary<LabelSelector> {
  const labels = arbitraryLabels(words);
  const expressions = fc.array(arbitraryRequirement(words), { maxLength: 2 });
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<LabelSelector>({}) },
    { weight: 3, arbitrary: fc.record({ matchLabels: labels }) },
    { weight: 4, arbitrary: fc.record({ matchExpressions: expressions }) },
    { weight: 1, arbitrary: fc.record({ matchLabels: labels, matchExpressions: expressions }) },
    { weight: 1, arbitrary: fc.constant<LabelSelector>({ matchLabels: null, matchExpressions: null }) },
  );
}
