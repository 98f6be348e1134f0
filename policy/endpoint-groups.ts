import type { Endpoint } from "../model/endpoint.ts";
import type { Labels } from "../model/labels.ts";
import { count, items, type Several, withItem, withoutItem } from "./several.ts";

/** Endpoints of one namespace that have one object of labels: what selects one of them selects them all. */
export interface EndpointGroup<Selecting> {
  readonly labels: Labels;
  members: Several<Endpoint>;
  /** What selects them. Never changed: another set takes its place. */
  selecting: ReadonlySet<Selecting>;
}

/** Found by their labels; a Map takes ten times the room of a short list. */
type Groups<Selecting> =
  | readonly EndpointGroup<Selecting>[]
  | Map<Labels, EndpointGroup<Selecting>>
  | undefined;

/** The endpoints of one namespace. */
export interface GroupedEndpoints<Selecting> {
  groups: Groups<Selecting>;
  /** Few, whatever their labels, that nothing selects: groups would take more room than they do. */
  loose: Several<Endpoint>;
}

// So few that they are never a Set: who reads them may take some away meanwhile.
const MOST_LOOSE = 16;
const MOST_LISTED = 16;

function groupCount({ groups }: GroupedEndpoints<unknown>): number {
  return groups instanceof Map ? groups.size : (groups?.length ?? 0);
}

export function groupsOf<Selecting>({
  groups,
}: GroupedEndpoints<Selecting>): Iterable<EndpointGroup<Selecting>> {
  return groups instanceof Map ? groups.values() : (groups ?? []);
}

export function groupOf<Selecting>(
  { groups }: GroupedEndpoints<Selecting>,
  labels: Labels,
): EndpointGroup<Selecting> | undefined {
  if (groups instanceof Map) return groups.get(labels);
  return groups?.find((group) => group.labels === labels);
}

function addGroup<Selecting>(
  to: GroupedEndpoints<Selecting>,
  group: EndpointGroup<Selecting>,
): EndpointGroup<Selecting> {
  const { groups } = to;
  if (groups === undefined) to.groups = [group];
  else if (groups instanceof Map) groups.set(group.labels, group);
  else if (groups.length < MOST_LISTED) to.groups = [...groups, group];
  else to.groups = new Map([...groups, group].map((one) => [one.labels, one]));
  return group;
}

/** Makes the group of those labels, with the loose endpoints that have them. */
export function openGroup<Selecting>(
  of: GroupedEndpoints<Selecting>,
  labels: Labels,
  selecting: ReadonlySet<Selecting>,
): EndpointGroup<Selecting> {
  let members: Several<Endpoint>;
  for (const endpoint of items(of.loose)) {
    if (endpoint.labels !== labels) continue;
    members = withItem(members, endpoint);
    of.loose = withoutItem(of.loose, endpoint);
  }
  return addGroup(of, { labels, members, selecting });
}

/** Puts it into its group, or to the loose ones: false if it needs a group that is not there. */
export function placeEndpoint<Selecting>(
  into: GroupedEndpoints<Selecting>,
  endpoint: Endpoint,
  mayBeLoose: () => boolean,
): boolean {
  const group = groupOf(into, endpoint.labels);
  if (group !== undefined) group.members = withItem(group.members, endpoint);
  else if (count(into.loose) < MOST_LOOSE && mayBeLoose()) into.loose = withItem(into.loose, endpoint);
  else return false;
  return true;
}

/** Puts the one in the place of the other, whose labels are the same object. */
export function swapEndpoint(
  within: GroupedEndpoints<unknown>,
  { before, after }: { readonly before: Endpoint; readonly after: Endpoint },
): void {
  const group = groupOf(within, after.labels);
  if (group !== undefined) {
    group.members = withItem(withoutItem(group.members, before), after);
    return;
  }
  within.loose = withItem(withoutItem(within.loose, before), after);
}

/** Returns its group if nobody is left in it: it is gone, too. */
export function removeEndpoint<Selecting>(
  from: GroupedEndpoints<Selecting>,
  endpoint: Endpoint,
): EndpointGroup<Selecting> | undefined {
  const { labels } = endpoint;
  const group = groupOf(from, labels);
  if (group === undefined) {
    from.loose = withoutItem(from.loose, endpoint);
    return undefined;
  }
  group.members = withoutItem(group.members, endpoint);
  if (group.members !== undefined) return undefined;
  if (from.groups instanceof Map) from.groups.delete(labels);
  else from.groups = from.groups?.filter((one) => one !== group);
  if (groupCount(from) === 0) from.groups = undefined;
  return group;
}

export function membersOf(group: EndpointGroup<unknown>): Iterable<Endpoint> {
  return items(group.members);
}
