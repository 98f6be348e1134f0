import type { Dice } from "../../test/histories/dice.ts";
import type { Change } from "./change.ts";
import { APPS, TEAMS } from "./cluster-size.ts";
import { type Peers, policyObject, type PolicyPlan, teamPeers } from "./policy-object.ts";
import { weighted } from "./weighted.ts";

const DEEDS = weighted({ come: 30, go: 30, edit: 40 });
const PEERS = weighted({ team: 60, own: 15, block: 15, everybody: 10 });
const PORTS = weighted({ number: 50, name: 20, range: 20, all: 10 });
const SUBJECTS = weighted({ everybody: 50, app: 30, version: 20 });
/** One policy in so many is about egress. */
const EGRESS = 5;

export interface PolicyChangesOptions {
  readonly dice: Dice;
  readonly policies: Iterable<PolicyPlan>;
  /** The namespace of a new one. */
  readonly place: () => string;
}

function chosenPeers(dice: Dice): Peers {
  const app = dice.roll(APPS);
  const kind = PEERS.choose(dice);
  switch (kind) {
    case "team":
      return teamPeers(dice.roll(TEAMS), app);
    case "own":
      return [{ podSelector: { matchLabels: { app: `app-${app}` } } }];
    case "block": {
      const second = dice.roll(200);
      return [
        { ipBlock: { cidr: `172.${second}.0.0/16`, except: [`172.${second}.${dice.roll(256)}.0/24`] } },
      ];
    }
    case "everybody":
      return [];
  }
}

function chosenPorts(dice: Dice): PolicyPlan["ports"] {
  const port = 1 + dice.roll(60_000);
  const kind = PORTS.choose(dice);
  switch (kind) {
    case "number":
      return [{ port }, { port: 53, protocol: "UDP" }];
    case "name":
      return [{ port: "http", protocol: "TCP" }];
    case "range":
      return [{ port, endPort: port + dice.roll(5_000) }];
    case "all":
      return [];
  }
}

function chosenSubjects(dice: Dice): PolicyPlan["podSelector"] {
  const kind = SUBJECTS.choose(dice);
  switch (kind) {
    case "everybody":
      return {};
    case "app":
      return { matchLabels: { app: `app-${dice.roll(APPS)}` } };
    case "version":
      return { matchExpressions: [{ key: "version", operator: "In", values: [`v${dice.roll(7)}`, "v1"] }] };
  }
}

/** All policies, and what happens to them next. */
export interface PolicyChanges {
  next(): Change;
  readonly plans: readonly PolicyPlan[];
}

/** Changes of policies that leave their number about as it is. */
export function createPolicyChanges({ dice, policies, place }: PolicyChangesOptions): PolicyChanges {
  const present = [...policies];
  const usual = present.length;
  let made = 0;

  function written(name: string, namespace: string): Change {
    const plan: PolicyPlan = {
      name,
      namespace,
      direction: dice.oneIn(EGRESS) ? "Egress" : "Ingress",
      podSelector: chosenSubjects(dice),
      peers: chosenPeers(dice),
      ports: chosenPorts(dice),
    };
    present.push(plan);
    return { kind: "apply", object: () => policyObject(plan) };
  }

  function next(): Change {
    const deed = DEEDS.choose(dice);
    const at = dice.roll(present.length);
    const plan = present[at];
    const tooMany = present.length > usual * 1.02 + 1;
    if (plan === undefined || (deed !== "edit" && !tooMany && (deed === "come" || present.length < usual))) {
      return written(`changing-${made++}`, place());
    }
    present.splice(at, 1);
    if (deed === "edit") return written(plan.name, plan.namespace);
    return { kind: "remove", of: "NetworkPolicy", key: `${plan.namespace}/${plan.name}` };
  }

  return { next, plans: present };
}
