/** For example `ee:ee:ee:ee:ee:ee`; empty where there are no bytes. */
export function macAddressText(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : bytes.toHex().replace(/..(?=.)/g, "$&:");
}

/** The bytes of a hardware address as `macAddressText` writes it. */
export function macAddressBytes(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replaceAll(":", ""));
}

/** One that nobody sells: of a single interface (not a group), and made up here (IEEE 802, "locally administered"). */
export function randomMacAddress(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return macAddressText(bytes);
}
