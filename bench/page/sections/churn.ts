import type { Section } from "../section.ts";

export const churnSection: Section = {
  measurement: "churn",
  title: "A cluster that never rests",
  how: `
100 pods and 10 policies change each second, for a minute (an hour with \`--full\`): pods come, go, change labels and addresses, some of them on this
node; policies come, go and are edited; a namespace gets other labels now and then. The backlog is the age of a change when it
comes into the kernel. Drift is what differs between the table read back with \`nft\` and a table that a second driver, in another network
namespace, makes from scratch of what the server holds then.
`,
  charts: () => [],
  reading: "",
};
