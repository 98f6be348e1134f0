import type { Dataplane } from "../../../dataplane/dataplane.ts";
import { type NftDataplaneOptions, openNftDataplane } from "../../../dataplane/nft/driver.ts";
import { openWriter } from "../../../dataplane/nft/open-writer.ts";
import type { PodPlace } from "../../../demo/lab/place.ts";
import type { EndpointRules, Ruleset } from "../../../model/ruleset.ts";
import { onInterface, pod, type PodOptions, throughBridge } from "../../golden/ruleset-builder.ts";
import { BRIDGE, type OtherCniLab } from "./lab.ts";

export interface Policed extends Disposable {
  readonly dataplane: Dataplane;
  /** Brings the ruleset into force; throws where it is not. */
  enforce(ruleset: Ruleset): Promise<void>;
}

/** The driver on the lab's node, as the agent opens it beside another CNI. */
export function police({ node }: OtherCniLab, options: Partial<NftDataplaneOptions> = {}): Policed {
  const writer = node.network.run(() => openWriter("netlink"));
  const dataplane = openNftDataplane(writer, { foreignInterfaces: true, graceMilliseconds: 0, ...options });
  return {
    dataplane,
    enforce: async (ruleset) => {
      dataplane.want(ruleset, undefined);
      const settled = await dataplane.settle();
      if (settled.kind !== "applied" && settled.kind !== "unchanged")
        throw new Error(JSON.stringify(settled));
    },
    [Symbol.dispose]: () => writer[Symbol.dispose](),
  };
}

/** The lab's pod; throws where it has none. */
export function placeOf({ pods }: OtherCniLab, key: string): PodPlace {
  const place = pods.get(key);
  if (place === undefined) throw new Error(`the lab has no pod ${key}`);
  return place;
}

/** The rules of the lab's pod, attached as it is wired. */
export function rulesOf(lab: OtherCniLab, key: string, options: PodOptions = {}): EndpointRules {
  const { addresses, interfaceName } = placeOf(lab, key);
  const bridged = addresses[0]?.startsWith("10.66.") === true;
  const attachment = bridged ? throughBridge(BRIDGE) : onInterface(interfaceName);
  return pod(key, addresses, { attachment, ...options });
}
