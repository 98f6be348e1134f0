import { addElements, deleteElements } from "./commands.ts";
import type { KernelElement, Origin, Step } from "./kernel-objects.ts";

interface ElementChange {
  readonly set: string;
  readonly origin: Origin;
  readonly removed: KernelElement[];
  readonly added: KernelElement[];
}

/** By set and origin. */
export type ElementChanges = Map<string, ElementChange>;

/** One element that comes or goes. */
export interface Change {
  readonly element: KernelElement;
  readonly kind: "added" | "removed";
}

export function noteChange(changes: ElementChanges, origin: Origin, { element, kind }: Change): void {
  const key = `${element.set} ${origin.kind} ${origin.kind === "frame" ? "" : origin.id}`;
  let entry = changes.get(key);
  if (entry === undefined) {
    entry = { set: element.set, origin, removed: [], added: [] };
    changes.set(key, entry);
  }
  entry[kind].push(element);
}

/** What goes stands before what comes, for a key may do both. */
export function changeSteps(changes: Iterable<ElementChange>): Step[] {
  const removed: Step[] = [];
  const added: Step[] = [];
  for (const { set, origin, ...elements } of changes) {
    for (const command of deleteElements(set, elements.removed)) removed.push({ command, origin });
    for (const command of addElements(set, elements.added)) added.push({ command, origin });
  }
  return [...removed, ...added];
}
