import type { NamedPort } from "../model/endpoint.ts";
import type { Direction, Policy } from "../model/policy.ts";
import { mentionedPorts, relevantPorts } from "./named-ports.ts";
import type { ProgramSpec } from "./program-store.ts";

/** What endpoints that the same policies isolate are judged by: found out once for all of them. */
export interface ProgramChoice {
  /** How many policies there are. */
  readonly size: number;
  /** The same object for endpoints whose named ports say the same; undefined: no policy isolates that direction. */
  specOf(direction: Direction, ports: readonly NamedPort[]): ProgramSpec | undefined;
}

/** `isolating` is sorted by id. */
export function createProgramChoice(isolating: readonly Policy[]): ProgramChoice {
  const policiesOf = (direction: Direction) =>
    isolating.filter(({ directions }) => directions.includes(direction));
  const policies = { ingress: policiesOf("ingress"), egress: policiesOf("egress") };
  const mentioned = new Set(policies.ingress.flatMap((policy) => [...mentionedPorts(policy)]));
  const specs = new Map<string, ProgramSpec>();
  return {
    size: isolating.length,
    specOf(direction, ports) {
      if (policies[direction].length === 0) return undefined;
      const relevant = direction === "ingress" ? relevantPorts(mentioned, ports) : [];
      const key = JSON.stringify([
        direction,
        relevant.map(({ name, protocol, port }) => [name, protocol, port]),
      ]);
      const spec = specs.get(key) ?? { direction, policies: policies[direction], ports: relevant };
      specs.set(key, spec);
      return spec;
    },
  };
}
