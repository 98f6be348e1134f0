import { failed, type Finding, notKnown, ok } from "../finding.ts";
import type { Known } from "../known.ts";

/** `missing`: why the plugin cannot start on the host; undefined: it can. */
export function checkHostLibrary(missing: Known<string | undefined>): Finding {
  const check = "C library";
  if (!missing.known) return notKnown(check, missing.because);
  if (missing.value === undefined) return ok(check, "the host has the glibc that the CNI plugin needs");
  return failed(
    check,
    missing.value,
    "use a node image with glibc; or leave the wiring to another plugin, with CALICO_MANAGE_CNI=false",
  );
}
