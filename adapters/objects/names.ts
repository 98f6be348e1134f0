import { type Protocol, SCTP, TCP, UDP } from "../../model/protocol.ts";

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** RFC 1123 label, at most 63 characters: what a namespace may be called. */
export function isNamespaceName(text: string): boolean {
  return DNS_LABEL.test(text);
}

/** RFC 1123 subdomain, at most 253 characters: what pods and policies may be called. It never holds a slash, so ids stay apart. */
export function isObjectName(text: string): boolean {
  return text.length <= 253 && DNS_SUBDOMAIN.test(text);
}

/** `[PREFIX/]NAME`: the prefix a subdomain, the name at most 63 characters. */
export function isLabelKey(text: string): boolean {
  const slash = text.indexOf("/");
  const name = text.slice(slash + 1);
  if (slash >= 0 && !isObjectName(text.slice(0, slash))) return false;
  return name.length <= 63 && LABEL_PART.test(name);
}

/** Empty, or at most 63 characters that begin and end with a letter or digit. */
export function isLabelValue(text: string): boolean {
  return text === "" || (text.length <= 63 && LABEL_PART.test(text));
}

/** An IANA service name (RFC 6335 section 5.1): a name of digits alone would be taken for a number (policy-bugs 25). */
export function isPortName(text: string): boolean {
  if (text.length > 15 || !/^[a-z0-9-]+$/.test(text) || !/[a-z]/.test(text)) return false;
  return !text.startsWith("-") && !text.endsWith("-") && !text.includes("--");
}

/** The protocols that NetworkPolicy and container ports may name; case matters, as in the API. */
export function portProtocol(text: string): Protocol | undefined {
  return text === "TCP" ? TCP : text === "UDP" ? UDP : text === "SCTP" ? SCTP : undefined;
}
