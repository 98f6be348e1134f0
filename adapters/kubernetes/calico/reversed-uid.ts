const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

// These bytes hold the version and the variant of a UUID.
const KEPT = [6, 8];

function reversedBits(byte: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) reversed |= 0x80 >> bit;
  return reversed;
}

/**
 * The UID of a resource that is made from another object: its bits reversed byte by byte, so that it meets no object's
 * own. Undefined for what is no UUID.
 */
export function reversedUid(uid: string | undefined): string | undefined {
  if (uid === undefined || !UUID.test(uid)) return undefined;
  const bytes = Buffer.from(uid.replaceAll("-", ""), "hex").map((byte, at) =>
    KEPT.includes(at) ? byte : reversedBits(byte),
  );
  const digits = Buffer.from(bytes).toString("hex");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
