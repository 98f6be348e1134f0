import type { Right } from "../facts/cluster-facts.ts";
import { failed, type Finding, notKnown, ok, warning } from "../finding.ts";
import type { Known } from "../known.ts";

const CHECK = "rights";

function words({ resource, group }: Right, verbs: readonly string[]): string {
  return `${verbs.join(", ")} ${resource}${group === "" ? "" : `.${group}`}`;
}

/** `lacking`: those of all that are asked for that this account does not have. */
export function checkRights(lacking: Known<readonly Right[]>): Finding {
  if (!lacking.known) return notKnown(CHECK, lacking.because);
  if (lacking.value.length === 0) return ok(CHECK, "this account has all that the agent needs");
  const grouped = [...Map.groupBy(lacking.value, ({ resource, group }) => `${group}/${resource}`).values()];
  const texts = grouped.flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : words(
          first,
          [first, ...others].map(({ verb }) => verb),
        ),
  );
  const found = `this account may not ${texts.join("; ")}`;
  // Without it nothing is missing but annotations.
  if (lacking.value.every(({ verb }) => verb === "patch"))
    return warning(
      CHECK,
      `${found}: pods get no cni.projectcalico.org/ annotations`,
      "kubectl apply -f tortie-annotations.yaml gives the right; or set TORTIE_PODANNOTATIONS=false",
    );
  return failed(
    CHECK,
    found,
    "kubectl apply -f tortie-rbac.yaml, and see that the ClusterRoleBinding names this account",
  );
}
