import type { Update } from "../../../model/update.ts";
import { implicitNamespace } from "../../objects/namespace.ts";

/**
 * Namespaces that are in use and have no object: they exist, with the one label that every namespace has. In a running
 * cluster they are seen for moments, since each resource is told by a watch of its own.
 */
export interface ImplicitNamespaces {
  /** One more object, or one less (-1), lives in the namespace. */
  use(name: string, change: 1 | -1): void;
  /** Whether it has an object; that one's updates come before those of `take`. */
  write(name: string, written: boolean): void;
  /** What has changed since the last call; nothing before `open`. */
  take(): Update[];
  /** From now on what is missing is missing, and not merely unread. */
  open(): void;
}

export function createImplicitNamespaces(): ImplicitNamespaces {
  const users = new Map<string, number>();
  const written = new Set<string>();
  const told = new Set<string>();
  const doubtful = new Set<string>();
  let isOpen = false;
  return {
    use(name, change) {
      const count = (users.get(name) ?? 0) + change;
      if (count === 0) users.delete(name);
      else users.set(name, count);
      if (isOpen && count < 2) doubtful.add(name);
    },
    write(name, isWritten) {
      // The object takes the place of what was told, even if it is gone again at the next `take`.
      told.delete(name);
      if (isWritten) written.add(name);
      else written.delete(name);
      if (isOpen) doubtful.add(name);
    },
    take() {
      const updates: Update[] = [];
      for (const name of doubtful) {
        const wanted = users.has(name) && !written.has(name);
        if (wanted && !told.has(name)) {
          told.add(name);
          updates.push({ kind: "namespace", name, value: implicitNamespace(name) });
        } else if (!wanted && told.delete(name)) {
          updates.push({ kind: "namespace", name, value: undefined });
        }
      }
      doubtful.clear();
      return updates;
    },
    open() {
      if (isOpen) return;
      isOpen = true;
      for (const name of users.keys()) doubtful.add(name);
    },
  };
}
