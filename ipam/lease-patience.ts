import type { LockPatience } from "../native/file-lock.ts";

/** How long a lock of the leases is waited for that another process holds. */
export const LEASE_PATIENCE: LockPatience = { milliseconds: 20_000 };
