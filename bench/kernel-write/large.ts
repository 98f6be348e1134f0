/** At this size the project has its goals. */
export const LARGE = { name: "2500 chains, 2000 sets", chains: 2500, sets: 2000 } as const;
