import type { Dice } from "../../test/histories/dice.ts";
import type { AddressPool } from "./address-pool.ts";
import type { Change } from "./change.ts";
import { APPS } from "./cluster-size.ts";
import { podName, podObject, type PodPlan } from "./pod-object.ts";
import { weighted } from "./weighted.ts";

/** What becomes of pods. `touch`: a change that policies do not read, as most are. */
const DEEDS = weighted({ come: 20, start: 20, go: 20, relabel: 15, readdress: 5, finish: 5, touch: 15 });

/** A share of the pods by which their number may wander. */
const WANDERING = 0.02;
/** Of pods that come, one in so many has the name of one that went. */
const NAMESAKES = 4;

export interface PodChangesOptions {
  readonly dice: Dice;
  readonly pods: Iterable<PodPlan>;
  readonly addresses: AddressPool;
  /** Where a pod may come. */
  readonly place: () => Pick<PodPlan, "namespace" | "node">;
  /** Never the same twice. */
  readonly number: () => number;
}

/** Some pods, and what happens to them next. */
export interface PodChanges {
  next(): Change;
  readonly plans: () => readonly PodPlan[];
}

/** Changes of some pods that leave their number about as it is. */
export function createPodChanges({ dice, pods, addresses, place, number }: PodChangesOptions): PodChanges {
  const running = [...pods];
  const pending: PodPlan[] = [];
  const finished: PodPlan[] = [];
  const gone: PodPlan[] = [];
  const usual = running.length;

  function takeOne(plans: PodPlan[]): PodPlan | undefined {
    const at = dice.roll(plans.length);
    const [taken, last] = [plans[at], plans.pop()];
    if (taken !== last && last !== undefined) plans[at] = last;
    return taken;
  }

  function applied(plan: PodPlan, plans: PodPlan[]): Change {
    plans.push(plan);
    return { kind: "apply", object: () => podObject(plan) };
  }

  function come(): Change {
    const namesake = dice.oneIn(NAMESAKES) ? gone.shift() : undefined;
    if (namesake !== undefined) {
      return applied({ ...namesake, number: number(), address: "", phase: "Pending" }, pending);
    }
    const own = number();
    const names = { number: own, deployment: Math.floor(own / 3), app: `app-${dice.roll(APPS)}` };
    const plan = { ...names, ...place(), name: podName(names), version: `v${dice.roll(7)}` };
    return applied({ ...plan, address: "", phase: "Pending", restarts: 0 }, pending);
  }

  function addressed(plan: PodPlan): Change {
    const address = addresses.take();
    addresses.give(plan.address);
    return applied({ ...plan, address, phase: "Running" }, running);
  }

  function go(plan: PodPlan): Change {
    if (plan.phase === "Running") addresses.give(plan.address);
    gone.push(plan);
    if (gone.length > 100) gone.shift();
    return { kind: "remove", of: "Pod", key: `${plan.namespace}/${plan.name}` };
  }

  function finish(plan: PodPlan): Change {
    // The object keeps the address, which another pod may have soon.
    addresses.give(plan.address);
    return applied({ ...plan, phase: "Succeeded" }, finished);
  }

  function relabel(plan: PodPlan): Change {
    const labels = dice.oneIn(2) ? { app: `app-${dice.roll(APPS)}` } : { version: `v${dice.roll(7)}` };
    return applied({ ...plan, ...labels }, running);
  }

  function balanced(deed: keyof typeof DEEDS.weights): typeof deed {
    const count = running.length + pending.length + finished.length;
    const slack = Math.max(1, usual * WANDERING);
    if (deed === "come" && count > usual + slack) return "go";
    return (deed === "go" || deed === "finish") && count < usual - slack ? "come" : deed;
  }

  function next(): Change {
    const deed = balanced(DEEDS.choose(dice));
    if (deed === "come") return come();
    if (deed === "start") {
      const plan = takeOne(pending);
      return plan === undefined ? come() : addressed(plan);
    }
    const over =
      deed === "go" ? (takeOne(finished) ?? (dice.oneIn(10) ? takeOne(pending) : undefined)) : undefined;
    const plan = over ?? takeOne(running);
    if (plan === undefined) return come();
    switch (deed) {
      case "go":
        return go(plan);
      case "finish":
        return finish(plan);
      case "relabel":
        return relabel(plan);
      case "readdress":
        return addressed(plan);
      case "touch":
        return applied({ ...plan, restarts: plan.restarts + 1 }, running);
    }
  }

  return { next, plans: () => [...running, ...pending, ...finished] };
}
