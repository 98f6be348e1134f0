import * as fc from "fast-check";
import { LAB_NAMESPACES, LAB_PODS } from "../oracle/lab.ts";
import type { World } from "../oracle/objects.ts";
import { fullName } from "../oracle/objects.ts";
import { arbitraryLabPod, arbitraryNamespace, arbitraryPod } from "./pods.ts";
import { arbitraryPolicy } from "./policies.ts";
import { vocabulary } from "./vocabulary.ts";
import type { Profile } from "./vocabulary.ts";

export interface WorldOptions {
  readonly profile: Profile;
  /** Default 5. */
  readonly maxPolicies?: number;
}

/** A whole cluster as an API server could serve it. */
export function arbitraryWorld({ profile, maxPolicies = 5 }: WorldOptions): fc.Arbitrary<World> {
  const words = vocabulary(profile);
  const policies = (namespaces: readonly string[]) =>
    fc.uniqueArray(arbitraryPolicy(words, namespaces), {
      minLength: 1,
      maxLength: maxPolicies,
      selector: fullName,
      size: "max",
    });
  if (profile === "packets") {
    return fc.record({
      namespaces: fc.tuple(...LAB_NAMESPACES.map((name) => arbitraryNamespace(words, name))),
      pods: fc.tuple(...LAB_PODS.map((id) => arbitraryLabPod(words, id))),
      policies: policies(LAB_NAMESPACES),
    });
  }
  return fc.uniqueArray(fc.constantFrom(...words.namespaces), { minLength: 2, maxLength: 4 }).chain((names) =>
    fc.record({
      // A namespace may lack its object: the file adapter then makes it up.
      namespaces: fc
        .subarray(names, { minLength: 1 })
        .chain((known) => fc.tuple(...known.map((name) => arbitraryNamespace(words, name)))),
      pods: fc.uniqueArray(arbitraryPod(words, names), {
        minLength: 1,
        maxLength: 9,
        selector: fullName,
        size: "max",
      }),
      policies: policies(names),
    }),
  );
}
