import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const PORT_COLUMN = 2;
const INODE_COLUMN = 9;

function socketInodes(): Set<string> {
  const inodes = new Set<string>();
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // The descriptor that read the directory is closed by now.
    }
  }
  return inodes;
}

/**
 * Port numbers of the netlink sockets that this process holds in this network namespace, those that libraries opened
 * included, which nobody tells us about. Throws where /proc cannot be read.
 */
export function ownNetlinkPorts(): Set<number> {
  const inodes = socketInodes();
  const ports = new Set<number>();
  for (const row of readFileSync("/proc/thread-self/net/netlink", "utf8").split("\n").slice(1)) {
    const columns = row.trim().split(/\s+/);
    if (inodes.has(columns[INODE_COLUMN] ?? "")) ports.add(Number(columns[PORT_COLUMN]));
  }
  return ports;
}
