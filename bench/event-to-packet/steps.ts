import type { Address } from "../../model/address.ts";
import type { ApiObject } from "../../test/api-server/store.ts";
import type { ApiCall } from "./api-session.ts";
import { AWAY, CLIENT, HOME, homePolicy, lateAddress, latePod, TARGET } from "./stage.ts";

export type EventKind = "policy" | "pod";

/** `addressed`: a pod that was there got its address. */
export type EventChange = "created" | "addressed" | "deleted";

/** Packets whose fate an event decides. */
export interface Watched {
  /** From the client to the target, or from elsewhere to the visited pod. */
  readonly route: "client" | "away";
  readonly source: Address;
  /** What the event makes of them. */
  readonly arrives: boolean;
}

/** One request, and packets whose fate it decides. */
export interface Step {
  readonly kind: EventKind;
  readonly change: EventChange;
  /** What must be there before, and is waited for by nobody. */
  readonly before?: ApiCall;
  readonly call: ApiCall;
  /** Of the watch's line that tells of it (watch-line.ts). */
  readonly key: string;
  readonly packets: Watched;
}

const POLICIES = `/apis/networking.k8s.io/v1/namespaces/${HOME}/networkpolicies`;
const PODS = `/api/v1/namespaces/${AWAY}/pods`;

function post(path: string, body: ApiObject): ApiCall {
  return { method: "POST", path, body };
}

/** A policy that isolates comes, then one that allows; both go. */
export function policyRound(index: number): Step[] {
  const [closed, open] = [`closed-${index}`, `open-${index}`];
  const fromClient = [{ from: [{ podSelector: { matchLabels: { app: CLIENT.name } } }] }];
  const created = (name: string, ingress: readonly unknown[], arrives: boolean): Step => ({
    kind: "policy",
    change: "created",
    call: post(POLICIES, homePolicy(name, TARGET.name, ingress)),
    key: `ADDED ${name}`,
    packets: { route: "client", source: CLIENT.address, arrives },
  });
  const deleted = (name: string, arrives: boolean): Step => ({
    kind: "policy",
    change: "deleted",
    call: { method: "DELETE", path: `${POLICIES}/${name}` },
    key: `DELETED ${name}`,
    packets: { route: "client", source: CLIENT.address, arrives },
  });
  return [
    created(closed, [], false),
    created(open, fromClient, true),
    deleted(open, false),
    deleted(closed, true),
  ];
}

/** A pod elsewhere is made, gets its address, and goes. */
export function podRound(index: number): Step[] {
  const name = `late-${index}`;
  const source = lateAddress(index);
  const status = { phase: "Running", podIP: source, podIPs: [{ ip: source }] };
  return [
    {
      kind: "pod",
      change: "addressed",
      before: post(PODS, latePod(index)),
      call: { method: "PATCH", path: `${PODS}/${name}/status`, body: { status } },
      key: `MODIFIED ${name}`,
      packets: { route: "away", source, arrives: true },
    },
    {
      kind: "pod",
      change: "deleted",
      call: { method: "DELETE", path: `${PODS}/${name}?gracePeriodSeconds=0` },
      key: `DELETED ${name}`,
      packets: { route: "away", source, arrives: false },
    },
  ];
}
