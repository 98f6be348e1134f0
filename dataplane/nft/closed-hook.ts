import type { Statement } from "./batch.ts";
import { DROP, jump } from "./expressions.ts";
import type { KernelRule } from "./kernel-objects.ts";

/**
 * Whatever falls off a chain comes back here and is dropped: a packet that is held up on its way through an epoch
 * until its chains are emptied must not leave by the base chain's policy, which is accept.
 */
export function closedHook(ours: readonly Statement[], chain: string): KernelRule[] {
  return [{ expr: [...ours, jump(chain)] }, { expr: [...ours, DROP] }];
}
