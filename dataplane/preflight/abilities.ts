/** What the rules ask of the kernel's nftables, in words. */
export const ABILITIES = {
  connections: "connection tracking",
  ranges: "sets of address ranges",
  pairs: "sets of interface and address",
  verdicts: "verdict maps",
  masquerade: "masquerade",
} as const;
