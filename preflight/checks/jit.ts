import { failed, type Finding, notKnown, ok } from "../finding.ts";
import type { Known } from "../known.ts";

const CHECK = "JIT";
const NO_JIT = /requires the JIT|executable memory/i;

/** `loaded`: whether the parts that compile calls into the system were loaded. */
export function checkJit(loaded: Known<unknown>): Finding {
  if (loaded.known) return ok(CHECK, "memory may be made executable, as calls into the kernel need it");
  if (!NO_JIT.test(loaded.because)) return notKnown(CHECK, loaded.because);
  return failed(
    CHECK,
    "no memory may be made executable, and calls into the kernel are compiled at run time: no agent can work here",
    "take away MemoryDenyWriteExecute=yes of the systemd unit, allow execmem in SELinux (type spc_t), or the like",
  );
}
