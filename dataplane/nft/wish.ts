import type { EndpointId } from "../../model/endpoint.ts";
import type {
  AddressSet,
  AddressSetId,
  EndpointRules,
  Masquerade,
  Program,
  ProgramId,
  Ruleset,
  ServiceSet,
  ServiceSetId,
} from "../../model/ruleset.ts";
import type { Origin } from "./kernel-objects.ts";
import { masqueradeText, NOBODY } from "./render-masquerade.ts";

/** A ruleset as the kernel takes it: without what it refused. */
export interface Wish {
  readonly ruleset: Ruleset;
  addressSet(id: AddressSetId): AddressSet | undefined;
  serviceSet(id: ServiceSetId): ServiceSet | undefined;
  program(id: ProgramId): Program | undefined;
  endpoint(id: EndpointId): EndpointRules | undefined;
  masquerade(): Masquerade;
  /** The kernel refused the endpoint: it stays closed. */
  isClosed(id: EndpointId): boolean;
}

/**
 * `refused`: keys of origins. A refused set is nobody, a refused program drops, a refused endpoint is closed, and where
 * masquerading is refused nobody is masqueraded: packets that leave with their own address break no policy.
 */
export function wishOf(ruleset: Ruleset, refused: { has(key: string): boolean }): Wish {
  const unless = <Id extends string, Value>(kind: Origin["kind"], values: ReadonlyMap<Id, Value>) => {
    return (id: Id): Value | undefined => (refused.has(`${kind} ${id}`) ? undefined : values.get(id));
  };
  return {
    ruleset,
    addressSet: unless("addressSet", ruleset.addressSets),
    serviceSet: unless("serviceSet", ruleset.serviceSets),
    program: unless("program", ruleset.programs),
    endpoint: (id) => ruleset.endpoints.get(id),
    masquerade: () =>
      refused.has(`masquerade ${masqueradeText(ruleset.masquerade)}`) ? NOBODY : ruleset.masquerade,
    isClosed: (id) => refused.has(`endpoint ${id}`),
  };
}
