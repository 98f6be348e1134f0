import type { Batch } from "../../dataplane/nft/batch.ts";
import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { driveNode, type DrivenNode } from "./driven-node.ts";
import {
  encodeReplayer,
  libnftablesReplayer,
  netlinkReplayer,
  nftReplayer,
  rawReplayer,
  type Replayer,
  type Writer,
} from "./replayers.ts";
import { type ReplayedChange, type Samples, sampleInTurns, type SamplingOptions } from "./sampling.ts";
import { tableCopy } from "./table-copy.ts";
import { nodeChanges, type NodeShape, nodeUpdates, type Operation, OPERATIONS } from "./world.ts";

export interface MeasureNodeOptions extends SamplingOptions {
  readonly shape: NodeShape;
  /** libnftables and nft too, which take long where there is much. */
  readonly others: boolean;
  /** How often the driver itself carries out each of the changes: for the time that it thinks. */
  readonly driven: number;
}

export interface MeasuredOperation {
  readonly operation: Operation;
  readonly samples: ReadonlyMap<Writer, Samples>;
  /** Seconds from the wish until it was in force, without the writer. */
  readonly plan: readonly number[];
}

export interface MeasuredNode {
  readonly chains: number;
  readonly sets: number;
  readonly operations: readonly MeasuredOperation[];
}

interface Recorded {
  readonly operation: Operation;
  readonly changes: readonly ReplayedChange[];
  readonly plan: readonly number[];
}

async function record(
  node: DrivenNode,
  operation: Operation,
  options: MeasureNodeOptions,
): Promise<Recorded> {
  const changes: ReplayedChange[] = [];
  const plan: number[] = [];
  const wanted = nodeChanges(operation, options.shape);
  for (let turn = 0; turn < options.driven; turn++) {
    for (const { come, go } of wanted) {
      const [came, went] = [await node.change(come), await node.change(go)];
      plan.push(came.planSeconds);
      if (turn === 0) changes.push({ come: came, go: went });
    }
  }
  return { operation, changes, plan };
}

function batchesOf({ come, go }: ReplayedChange): Batch[] {
  return [...come.write, ...come.tidy, ...go.write, ...go.tidy];
}

/**
 * Builds one node's table with the real compiler and driver, keeps the batches of each change, and carries out the same
 * batches in every way. The driver under another writer would send the same: it knows no other language.
 */
export async function measureNode(options: MeasureNodeOptions): Promise<MeasuredNode> {
  await using disposals = new AsyncDisposableStack();
  const namespace = disposals.use(NetworkNamespace.create());
  const writer = disposals.use(namespace.run(() => new NetlinkWriter()));
  const node = disposals.use(await driveNode(writer, nodeUpdates(options.shape)));
  const recorded: Recorded[] = [];
  for (const operation of OPERATIONS) recorded.push(await record(node, operation, options));
  const batches = recorded.flatMap(({ changes }) => changes).flatMap(batchesOf);
  const replayers: Replayer[] = [
    netlinkReplayer(writer),
    disposals.use(rawReplayer(namespace, batches)),
    disposals.use(encodeReplayer(namespace)),
  ];
  if (options.others) {
    for (const open of [libnftablesReplayer, nftReplayer]) {
      replayers.push(disposals.use(open(disposals.use(tableCopy(node.built)))));
    }
  }
  const operations = recorded.map(({ operation, changes, plan }) => ({
    operation,
    plan,
    samples: sampleInTurns(replayers, changes, options),
  }));
  return { chains: node.chains, sets: node.sets, operations };
}
