import { CNI_VERSIONS, type CniVersion } from "../handshake/cni-version.ts";

/** VERSION: which versions of the specification are spoken; in the version of whoever asks. */
export function answerVersion(version: CniVersion): string {
  return `${JSON.stringify({ cniVersion: version, supportedVersions: CNI_VERSIONS })}\n`;
}
