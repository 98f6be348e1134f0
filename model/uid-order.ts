const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * A number that orders UIDs as their texts do, by the first 48 bits of a UUID, or the first six bytes of anything else; 0 for
 * no text. Two that are equal by it can be told apart by other means: as text, the UIDs of 150,000 pods take 12 MB.
 */
export function uidOrder(uid: string): number {
  if (UUID.test(uid))
    return Number.parseInt(uid.slice(0, 8), 16) * 65_536 + Number.parseInt(uid.slice(9, 13), 16);
  let order = 0;
  for (let at = 0; at < 6; at++) order = order * 256 + Math.min(255, uid.charCodeAt(at) || 0);
  return order;
}
