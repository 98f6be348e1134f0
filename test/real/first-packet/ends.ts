import { listenAt, type Listeners } from "./listeners.ts";
import type { FullNode } from "./node.ts";
import { ALL_MARKS, END_POINTS, type MarkName, MARKS, NODE_POINTS } from "./places.ts";
import { networkOf, sandboxOf } from "./sandboxes.ts";
import { type Counted, placeWitness } from "./witness.ts";

/** What came of one mark's packets. */
export interface Arrivals {
  /** By the kernel's count: past the node's rules to the node itself; past them to another interface; at the pod; outside. */
  readonly node: Counted;
  readonly forwarded: Counted;
  readonly ear: Counted;
  readonly outside: Counted;
  /** By programs that listen on the node, in the pod and outside. */
  readonly heard: readonly number[];
}

const ZERO: Counted = { udp4: 0, tcp4: 0, icmp4: 0, udp6: 0, tcp6: 0, icmp6: 0 };
export const NOTHING: Arrivals = { node: ZERO, forwarded: ZERO, ear: ZERO, outside: ZERO, heard: [0, 0, 0] };

/** All places where packets of pods could arrive, watched. */
export interface Ends extends Disposable {
  arrived(mark: MarkName): Arrivals;
  /** What entered the node from pods, before any rule. */
  sent(mark: MarkName): Counted;
  /** What passed the node's rules towards pods. */
  toPods(mark: MarkName): Counted;
  reset(): void;
}

/** `ear` is a pod that runs. */
export function watchEnds({ machine, outside }: FullNode, ear: string): Ends {
  const things = new DisposableStack();
  const earNetwork = things.use(networkOf(machine, sandboxOf(machine, ear)));
  const networks = [machine.network, earNetwork, outside];
  const onNode = placeWitness(machine.network, NODE_POINTS, ALL_MARKS);
  const inEar = placeWitness(earNetwork, END_POINTS, ALL_MARKS);
  const beyond = placeWitness(outside, END_POINTS, ALL_MARKS);
  const listeners: Listeners[] = networks.map((network) => things.use(listenAt(network, ALL_MARKS)));
  const heard = networks.map(() => new Map(ALL_MARKS.map((mark) => [mark, 0])));
  const listen = (): void => {
    for (const [at, one] of listeners.entries())
      for (const [mark, count] of one.heard()) heard[at]?.set(mark, (heard[at]?.get(mark) ?? 0) + count);
  };
  return {
    arrived: (name) => {
      listen();
      const mark = MARKS[name];
      return {
        node: onNode.counted("reached_node", mark),
        forwarded: onNode.counted("forwarded", mark),
        ear: inEar.counted("came", mark),
        outside: beyond.counted("came", mark),
        heard: heard.map((counts) => counts.get(mark) ?? 0),
      };
    },
    sent: (name) => onNode.counted("sent", MARKS[name]),
    toPods: (name) => onNode.counted("to_pod", MARKS[name]),
    reset: () => {
      listen();
      for (const counts of heard) for (const mark of ALL_MARKS) counts.set(mark, 0);
      for (const witness of [onNode, inEar, beyond]) witness.reset();
    },
    [Symbol.dispose]: () => things[Symbol.dispose](),
  };
}
