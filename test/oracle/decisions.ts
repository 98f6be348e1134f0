import type { Decision } from "./decision.ts";
import { defaultDenyDecisions } from "./decisions-default-deny.ts";
import { documentedDecisions } from "./decisions-documented.ts";
import { decisionsElsewhere } from "./decisions-elsewhere.ts";
import { objectDecisions } from "./decisions-objects.ts";
import { openDecisions } from "./decisions-open.ts";
import { peerDecisions } from "./decisions-peers.ts";

export type { Decision } from "./decision.ts";

/** Every decision on the meaning of NetworkPolicy: what the oracle, `explain` and packets must all say. */
export const decisions: readonly Decision[] = [
  ...documentedDecisions,
  ...peerDecisions,
  ...openDecisions,
  ...objectDecisions,
  ...defaultDenyDecisions,
  ...decisionsElsewhere,
];
