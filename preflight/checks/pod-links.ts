import { INTERFACE_PREFIX } from "../../model/fingerprint.ts";
import { failed, type Finding, notKnown, ok, warning } from "../finding.ts";
import type { PodPlace } from "../facts/pod-places.ts";
import type { Known } from "../known.ts";
import { counted, someOf } from "../some-of.ts";

const CHECK = "running pods";

function podNames(places: readonly PodPlace[]): string[] {
  return [...new Set(places.map(({ pod }) => pod))];
}

/** What is behind what, in words: `2 pods behind cni0`. */
function behind(places: readonly PodPlace[]): string {
  const groups = Map.groupBy(places, ({ link }) => link ?? "");
  return [...groups].map(([link, some]) => `${someOf(podNames(some))} behind ${link}`).join("; ");
}

/** Pods of this node whose interface no rule would look at; `manageCni`: only `cali*` are looked at. */
export function checkPodLinks(places: Known<readonly PodPlace[]>, manageCni: boolean): Finding {
  if (!places.known) return notKnown(CHECK, places.because);
  const all = places.value;
  if (all.length === 0) return ok(CHECK, "none on this node that has an address of its own");
  const here = all.filter(({ link, gateway }) => link !== undefined && !gateway);
  const foreign = here.filter(({ link }) => !link?.startsWith(INTERFACE_PREFIX));
  if (manageCni && foreign.length > 0) {
    const bridges = foreign.filter(({ bridge }) => bridge);
    return failed(
      CHECK,
      `another plugin wired ${behind(bridges.length > 0 ? bridges : foreign)}: no policy holds for them`,
      "once the agent is ready, delete these pods (kubectl delete pod) so that they are wired anew; or set CALICO_MANAGE_CNI=false",
    );
  }
  const lost = all.filter((place) => !here.includes(place));
  if (lost.length > 0) {
    return warning(
      CHECK,
      `no interface of this node leads to ${someOf(podNames(lost))}`,
      "delete these pods so that they are wired anew, or wait where they just start",
    );
  }
  const links = here.filter(({ bridge }) => !bridge).length;
  const shared = here.length - links;
  const text =
    shared === 0 ? "behind interfaces of their own" : `${shared} of their addresses behind a bridge`;
  return ok(CHECK, `${counted(podNames(all).length, "pod")} of this node, ${text}`);
}
