import { addressValue } from "../model/address.ts";
import { type AddressRange, rangeContains } from "../model/cidr.ts";
import { fingerprint } from "../model/fingerprint.ts";
import type { Peer } from "../model/policy.ts";
import { type Protocol, protocolName } from "../model/protocol.ts";
import { type Service, type ServiceSet, type ServiceSetId, service, type Touched } from "../model/ruleset.ts";
import type { EndpointSelector } from "../model/selector.ts";
import { blockRanges } from "./address-sets.ts";
import { createSetLog } from "./change-log.ts";
import { createEndpointSet, fillSet, type Member, type Members, type PeerSelector } from "./endpoint-set.ts";
import { inWords, peerKey, peerText } from "./peer-text.ts";
import { createSharedSets, type SharedSet, type SharedSets } from "./shared-sets.ts";

/** A port by its name on some peers. */
export interface NamedDestination {
  readonly protocol: Protocol;
  readonly name: string;
  readonly peer: Peer | "everyone";
}

/** Different destinations by their keys. */
export type DestinationsByKey = ReadonlyMap<string, NamedDestination>;

export interface ServiceSets extends SharedSets<DestinationsByKey, ServiceSetId> {
  /** Live. */
  readonly sets: ReadonlyMap<ServiceSetId, ServiceSet>;
  takeTouched(): Touched["serviceSets"];
}

const EVERY_ENDPOINT: EndpointSelector = { namespaces: { kind: "any" }, endpoints: { kind: "all" } };

export function destinationKey({ protocol, name, peer }: NamedDestination): string {
  return JSON.stringify([protocol, name, peer === "everyone" ? peer : peerKey(peer)]);
}

function destinationText({ protocol, name, peer }: NamedDestination): string {
  return `port ${name} (${protocolName(protocol)}) of ${peer === "everyone" ? "every endpoint" : peerText(peer)}`;
}

function serviceSetId(destinations: DestinationsByKey): ServiceSetId {
  return fingerprint(JSON.stringify([...destinations.keys()].toSorted())) as ServiceSetId;
}

/** A destination as a set asks for it. */
interface Question {
  readonly destination: NamedDestination;
  /** Where the address must be; undefined: anywhere. */
  readonly ranges: readonly AddressRange[] | undefined;
}

function answer({ destination, ranges }: Question, { endpoint, addresses }: Member): Service[] {
  const { protocol, name } = destination;
  const ports = endpoint.ports.filter((port) => port.name === name && port.protocol === protocol);
  if (ports.length === 0) return [];
  const reached = addresses.filter(
    (address) => ranges?.some((range) => rangeContains(range, addressValue(address))) ?? true,
  );
  return reached.flatMap((address) => ports.map(({ port }) => service(address, protocol, port)));
}

export function createServiceSets(members: Members): ServiceSets {
  const { index } = members;
  const sets = new Map<ServiceSetId, ServiceSet>();
  const log = createSetLog<ServiceSetId, Service>();

  function make(id: ServiceSetId, byKey: DestinationsByKey): SharedSet {
    const destinations = [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
    const services = new Set<Service>();
    const set = createEndpointSet<Service>({
      elements: services,
      contribution(member) {
        const asked = [...asking.intersection(member.matched)].flatMap((one) => questions.get(one) ?? []);
        return asked.flatMap((question) => answer(question, member));
      },
      changed: (element) => log.changed(id, element),
    });
    const questions = new Map<PeerSelector, Question[]>();
    for (const destination of destinations) {
      const { peer } = destination;
      const block = peer !== "everyone" && peer.kind === "block";
      const who = peer === "everyone" || block ? EVERY_ENDPOINT : peer.selector;
      const selector = index.acquire(who, set);
      const ofSelector = questions.get(selector) ?? [];
      ofSelector.push({ destination, ranges: block ? blockRanges([peer]) : undefined });
      questions.set(selector, ofSelector);
    }
    const asking = new Set(questions.keys());
    sets.set(id, { id, title: inWords(destinations, destinationText, " or "), services });
    log.came(id);
    return {
      fill: () => fillSet(set, asking, members),
      *drop() {
        log.went(id);
        sets.delete(id);
        for (const selector of asking) yield* index.release(selector, set);
      },
    };
  }

  return {
    ...createSharedSets({ idOf: serviceSetId, make }),
    sets,
    takeTouched: () => log.take((id) => sets.has(id)),
  };
}
