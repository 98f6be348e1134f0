import { addingPods } from "./adding-pods/adding-pods.ts";
import { churnMeasurement } from "./churn/churn.ts";
import { coldStartMeasurement } from "./cold-start/cold-start.ts";
import { ctlStart } from "./ctl-start/ctl-start.ts";
import { eventToPacket } from "./event-to-packet/event-to-packet.ts";
import { kernelWrite } from "./kernel-write/kernel-write.ts";
import type { Measurement } from "./measurement.ts";
import { packetPath } from "./packet-path/packet-path.ts";
import { pathProfile } from "./path-profile/path-profile.ts";

/** All of them, in the order of a run. */
export const MEASUREMENTS: readonly Measurement[] = [
  kernelWrite,
  pathProfile,
  packetPath,
  eventToPacket,
  coldStartMeasurement,
  churnMeasurement,
  addingPods,
  ctlStart,
];
