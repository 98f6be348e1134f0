import type { Address } from "../../model/address.ts";
import type { AddressSetId, Service, ServiceSetId } from "../../model/ruleset.ts";
import { addElements, ELEMENTS_PER_COMMAND } from "./commands.ts";
import type { KernelElement, KernelSet, Origin } from "./kernel-objects.ts";
import { note, noteMember } from "./memory.ts";
import { change, create, createSet, type Plan } from "./plan.ts";
import {
  addressElement,
  addressKernelSets,
  rangeElement,
  serviceElement,
  serviceKernelSets,
  shapeOf,
} from "./render-sets.ts";
import type { Wish } from "./wish.ts";

interface Members<Member> {
  readonly origin: Origin;
  readonly applied: Set<Member>;
  /** Undefined: nobody. */
  readonly wanted: ReadonlySet<Member>;
  /** Where the two may differ. */
  readonly touched: ReadonlySet<Member> | "whole";
  readonly element: (member: Member) => KernelElement;
}

/** Members of a set that stays: looks at those that were touched only. Yields now and then. */
function* planMembers<Member>(plan: Plan, members: Members<Member>): Generator<void> {
  const { origin, applied, wanted, touched, element } = members;
  const look = (member: Member) => {
    const is = applied.has(member);
    const shall = wanted.has(member);
    if (is === shall) return;
    change(plan, origin, { element: element(member), kind: shall ? "added" : "removed" });
    noteMember(plan.journal, applied, [member, shall]);
  };
  let looked = 0;
  if (touched === "whole") {
    for (const member of applied) {
      if (!wanted.has(member)) look(member);
      if (++looked % ELEMENTS_PER_COMMAND === 0) yield;
    }
  }
  for (const member of touched === "whole" ? wanted : touched) {
    look(member);
    if (++looked % ELEMENTS_PER_COMMAND === 0) yield;
  }
}

/** The content of a new set. Yields between commands: a set may be long, and the wish may change meanwhile. */
function* fill<Member>(plan: Plan, members: Omit<Members<Member>, "touched">): Generator<void> {
  const { origin, applied, wanted, element } = members;
  const pending = new Map<string, KernelElement[]>();
  const emit = (set: string, elements: readonly KernelElement[]) => {
    create(plan, origin, addElements(set, elements));
    pending.delete(set);
  };
  for (const member of wanted) {
    const one = element(member);
    const elements = pending.get(one.set) ?? [];
    elements.push(one);
    applied.add(member);
    pending.set(one.set, elements);
    if (elements.length === ELEMENTS_PER_COMMAND) {
      emit(one.set, elements);
      yield;
    }
  }
  for (const [set, elements] of pending) emit(set, elements);
}

function forget(plan: Plan, sets: readonly KernelSet[]): void {
  for (const { name, map } of sets) plan.gone.sets.push({ name, map });
}

export function* planAddressSet(
  plan: Plan,
  id: AddressSetId,
  options: { readonly wish: Wish; readonly touched: ReadonlySet<Address> | "whole" },
): Generator<void> {
  const { memory, journal } = plan;
  const wanted = options.wish.addressSet(id);
  const applied = memory.addressSets.get(id);
  const origin: Origin = { kind: "addressSet", id };
  const element = (address: Address) => addressElement(memory.names, id, address);
  if (wanted === undefined) {
    if (applied === undefined) return;
    forget(plan, addressKernelSets(memory.names, id, applied.shape));
    note(journal, memory.addressSets, [id, undefined]);
  } else if (applied === undefined) {
    const shape = shapeOf(wanted);
    const addresses = new Set<Address>();
    for (const set of addressKernelSets(memory.names, id, shape)) createSet(plan, origin, set);
    note(journal, memory.addressSets, [id, { shape, addresses }]);
    const ranges = wanted.ranges.map((range) => rangeElement(memory.names, id, range));
    for (const [set, elements] of Map.groupBy(ranges, (one) => one.set)) {
      create(plan, origin, addElements(set, elements));
    }
    if (shape.endpoints) yield* fill(plan, { origin, applied: addresses, wanted: wanted.addresses, element });
  } else if (applied.shape.endpoints) {
    yield* planMembers(plan, {
      origin,
      applied: applied.addresses,
      wanted: wanted.addresses,
      touched: options.touched,
      element,
    });
  }
}

export function* planServiceSet(
  plan: Plan,
  id: ServiceSetId,
  options: { readonly wish: Wish; readonly touched: ReadonlySet<Service> | "whole" },
): Generator<void> {
  const { memory, journal } = plan;
  const wanted = options.wish.serviceSet(id);
  const applied = memory.serviceSets.get(id);
  const origin: Origin = { kind: "serviceSet", id };
  const element = (service: Service) => serviceElement(memory.names, id, service);
  if (wanted === undefined) {
    if (applied === undefined) return;
    forget(plan, serviceKernelSets(memory.names, id));
    note(journal, memory.serviceSets, [id, undefined]);
  } else if (applied === undefined) {
    const services = new Set<Service>();
    for (const set of serviceKernelSets(memory.names, id)) createSet(plan, origin, set);
    note(journal, memory.serviceSets, [id, services]);
    yield* fill(plan, { origin, applied: services, wanted: wanted.services, element });
  } else {
    yield* planMembers(plan, { origin, applied, wanted: wanted.services, touched: options.touched, element });
  }
}
