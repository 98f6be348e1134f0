import { failed, type Finding, notKnown, ok, warning } from "../finding.ts";
import type { Known } from "../known.ts";

const CHECK = "clock";
/** Seconds. */
const NOTABLE = 30;
const TOO_MUCH = 300;

/** `ahead`: by how many milliseconds the server's clock is. */
export function checkClock(ahead: Known<number>): Finding {
  if (!ahead.known) return notKnown(CHECK, ahead.because);
  const seconds = Math.round(Math.abs(ahead.value) / 1_000);
  if (seconds < NOTABLE)
    return ok(CHECK, seconds < 2 ? "agrees with the API server's" : `${seconds} s off the API server's`);
  const found = `${seconds} s ${ahead.value > 0 ? "behind" : "ahead of"} the API server's: certificates and tokens seem not yet valid, or expired`;
  return (seconds >= TOO_MUCH ? failed : warning)(
    CHECK,
    found,
    "set both by NTP (chrony, systemd-timesyncd)",
  );
}
