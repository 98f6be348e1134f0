import type { Section } from "./section.ts";
import { addingPodsSection } from "./sections/adding-pods.ts";
import { churnSection } from "./sections/churn.ts";
import { coldStartSection } from "./sections/cold-start.ts";
import { ctlStartSection } from "./sections/ctl-start.ts";
import { eventToPacketSection } from "./sections/event-to-packet.ts";
import { kernelWriteSection } from "./sections/kernel-write.ts";
import { packetPathSection } from "./sections/packet-path.ts";
import { pathProfileSection } from "./sections/path-profile.ts";

/** In the order of the page. */
export const SECTIONS: readonly Section[] = [
  eventToPacketSection,
  kernelWriteSection,
  pathProfileSection,
  coldStartSection,
  churnSection,
  packetPathSection,
  addingPodsSection,
  ctlStartSection,
];
