import { PodLinkError, type PodLinkErrorKind } from "../dataplane/link/pod-link-error.ts";
import { IpamError, type IpamErrorKind } from "../ipam/ipam-error.ts";
import { SystemCallError } from "../native/system-call-error.ts";
import { NetworkNamespaceError } from "../native/network-namespace-error.ts";
import { type CniCode, CniError } from "./cni-error.ts";

const OF_IPAM: Readonly<Record<IpamErrorKind, CniCode>> = {
  unsupported: "field",
  invalid: "configuration",
  noPodCidr: "noPodCidr",
  missingBinary: "helperMissing",
  full: "subnetFull",
  io: "inputOutput",
  notLeased: "different",
  version: "version",
  refused: "configuration",
  hung: "tryAgainLater",
  died: "inputOutput",
  garbled: "inputOutput",
};

const OF_LINK: Readonly<Record<PodLinkErrorKind, CniCode>> = {
  badName: "environment",
  hostNameTaken: "inputOutput",
  podNameTaken: "environment",
  hostNamespace: "environment",
  routeOwned: "routeTaken",
  noIpv6: "configuration",
  notPermitted: "inputOutput",
  refused: "inputOutput",
};

/** Errors of files name their path in the message. */
function isFileError(error: Error): boolean {
  return "code" in error && "syscall" in error;
}

/** What a runtime is told of any error. */
export function toCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  if (error instanceof IpamError) {
    const { kind, tried, found, next } = error;
    return new CniError(OF_IPAM[kind], `could not ${tried}: ${found}`, next);
  }
  if (error instanceof PodLinkError) return new CniError(OF_LINK[error.kind], error.message);
  if (error instanceof NetworkNamespaceError) return new CniError("environment", error.message);
  if (error instanceof SystemCallError) return new CniError("inputOutput", error.message);
  if (error instanceof Error && isFileError(error)) {
    return new CniError(
      "inputOutput",
      error.message,
      "see that the path is there and can be written to by root",
    );
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new CniError(
    "bug",
    `a bug of the plugin: ${text}`,
    "report it, with the log line that goes with it",
  );
}
