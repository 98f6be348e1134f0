import type { Section } from "../section.ts";

export const ctlStartSection: Section = {
  measurement: "ctl-start",
  title: "Starting calicoctl",
  how: `
The whole life of the process, from its start to its end; the server that it asks runs on the same machine.
`,
  charts: () => [],
  reading: "",
};
