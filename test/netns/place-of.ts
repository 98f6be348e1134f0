import type { Lab, PodPlace } from "../../demo/lab/lab.ts";

/** The lab's pod `NAMESPACE/POD`; throws where the lab has none. */
export function placeOf(lab: Lab, pod: string): PodPlace {
  const place = lab.pods.get(pod);
  if (place === undefined) throw new Error(`the lab has no pod ${pod}`);
  return place;
}
