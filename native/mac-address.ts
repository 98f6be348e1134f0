/** For example `ee:ee:ee:ee:ee:ee`; empty where there are no bytes. */
export function macAddressText(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : bytes.toHex().replace(/..(?=.)/g, "$&:");
}

/** The bytes of a hardware address as `macAddressText` writes it. */
export function macAddressBytes(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replaceAll(":", ""));
}
