import { askOnce, type Question, type Unanswered } from "./ask-once.ts";
import { fieldReader } from "./field-reader.ts";
import { member, text, versionOf } from "./json-members.ts";
import { createListItems } from "./list-items.ts";
import { MalformedError } from "./malformed-error.ts";
import { slices } from "./slices.ts";

/** What one question for all objects of a path came to. */
export type Listed =
  | { readonly kind: "listed"; readonly version: string; readonly objects: readonly unknown[] }
  | Unanswered;

/**
 * Asks for all objects of a path as they are now, not as a cache of the server has them, in one piece: for lists that are known
 * to be short. Never throws for what may mend itself.
 */
export async function listObjects(question: Question): Promise<Listed> {
  const { apiVersion, kind, fields } = question.resource;
  const { step } = question.pace;
  return askOnce<Listed>(question, "list", async (exchange, alarms) => {
    const items = createListItems(fields === undefined ? undefined : fieldReader(fields));
    const reduce = (item: unknown): unknown => Object.assign(item as object, { apiVersion, kind });
    const records = slices({ exchange, records: items, reduce, alarms, step });
    const objects: unknown[] = [];
    let next = await records.next();
    for (; next.done !== true; next = await records.next()) objects.push(...next.value.out);
    const { metadata } = next.value;
    const version = versionOf({ metadata });
    // Either way something may be missing, and what is missing counts as gone.
    if (version === undefined) throw new MalformedError("a list without metadata.resourceVersion");
    if (text(member(metadata, "continue")) !== undefined)
      throw new MalformedError("a part of a list, asked for the whole");
    return { kind: "listed", version, objects };
  });
}
