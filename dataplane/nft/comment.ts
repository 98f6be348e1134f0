/** nft refuses to reload a comment of more bytes. */
export const COMMENT_BYTES = 128;

/**
 * Text that a rule can carry and nft can reload: at most 128 bytes of UTF-8, never cut inside a character, without
 * quotes (nft's strings know no escapes) and control characters.
 */
export function safeComment(text: string): string {
  // A lone surrogate would become three bytes of replacement character on the way to the kernel: make that visible here.
  const clean = text
    .toWellFormed()
    .replaceAll('"', "'")
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
  if (Buffer.byteLength(clean) <= COMMENT_BYTES) return clean;
  const ellipsis = "...";
  let bytes = ellipsis.length;
  let kept = "";
  for (const character of clean) {
    bytes += Buffer.byteLength(character);
    if (bytes > COMMENT_BYTES) break;
    kept += character;
  }
  return kept + ellipsis;
}
