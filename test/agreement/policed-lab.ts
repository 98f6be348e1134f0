import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import { openWriter } from "../../dataplane/nft/open-writer.ts";
import { differences } from "../../adapters/differences.ts";
import { createLab, type Lab, type LabFlow } from "../../demo/lab/lab.ts";
import { emptyClusterState } from "../../model/update.ts";
import type { ClusterState } from "../../model/update.ts";
import { createCompiler } from "../../policy/compiler.ts";
import { LAB_NODE, LAB_OUTSIDE, LAB_PODS, labAddress } from "../oracle/lab.ts";
import type { OracleFlow, OracleParty } from "../oracle/objects.ts";

/** The oracle's lab in network namespaces, under the rules of one state after another. */
export interface PolicedLab extends AsyncDisposable {
  readonly lab: Lab;
  /** Brings the kernel to this state from the one before. Throws where it refuses anything. */
  enforce(state: ClusterState): Promise<void>;
  /** Whether each flow's first packet gets through. */
  probe(flows: readonly OracleFlow[]): Promise<boolean[]>;
}

function placeOf(party: OracleParty): string {
  if ("pod" in party) return party.pod;
  return "node" in party ? "node" : party.address;
}

function labFlow({ from, to, protocol, port, family, claimedSource }: OracleFlow): LabFlow {
  return {
    from: placeOf(from),
    to: placeOf(to),
    protocol: protocol as LabFlow["protocol"],
    family,
    ...(port !== undefined && { port }),
    ...(claimedSource !== undefined && { claimedSource }),
  };
}

/** The whole way from state to kernel as the agent goes it: compiler, driver, netlink. */
export function openPolicedLab(): PolicedLab {
  using building = new DisposableStack();
  const lab = building.use(
    createLab({
      pods: LAB_PODS.map((id) => {
        const [namespace = "", name = ""] = id.split("/");
        return { namespace, name, ipv4: labAddress(id, 4), ipv6: labAddress(id, 6) };
      }),
      nodeAddresses: Object.values(LAB_NODE),
      outside: Object.values(LAB_OUTSIDE),
    }),
  );
  const writer = building.use(lab.node.network.run(() => openWriter("netlink")));
  // Nothing was open before, so nothing needs the grace; with it, mid-stream packets would be judged otherwise.
  const dataplane = openNftDataplane(writer, { graceMilliseconds: 0 });
  const compiler = createCompiler();
  let before: ClusterState = emptyClusterState();
  const resources = building.move();
  return {
    lab,
    enforce: async (state) => {
      compiler.apply(differences(before, state));
      before = state;
      dataplane.want(compiler.ruleset, compiler.takeTouched());
      const settled = await dataplane.settle();
      if (settled.kind === "applied" || settled.kind === "unchanged") return;
      throw new Error(`the kernel does not hold the rules: ${JSON.stringify(settled)}`);
    },
    probe: async (flows) => lab.probe(flows.map(labFlow)),
    [Symbol.asyncDispose]: async () => {
      await dataplane[Symbol.asyncDispose]();
      resources.dispose();
    },
  };
}
