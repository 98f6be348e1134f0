import { askOnce, type Question, type Unanswered } from "./ask-once.ts";
import { fieldReader } from "./field-reader.ts";
import { MalformedError } from "./malformed-error.ts";
import { createRecordBytes } from "./record-bytes.ts";

/** What one question for one object came to. */
export type Got =
  | { readonly kind: "found"; readonly object: unknown }
  | { readonly kind: "absent" }
  | Unanswered;

/** Asks for one object as it is now, not as a cache of the server has it. Never throws for what may mend itself. */
export async function getObject(question: Question): Promise<Got> {
  const { apiVersion, kind, fields } = question.resource;
  const got = await askOnce<Got>(question, "get", async (exchange, alarms) => {
    const bytes = createRecordBytes();
    for (let part = await exchange.read(alarms); part !== undefined; part = await exchange.read(alarms))
      bytes.keep(part);
    const read = fields === undefined ? undefined : fieldReader(fields);
    const object = bytes.parse(new Uint8Array(), "an object", read);
    if (typeof object !== "object" || object === null)
      throw new MalformedError("something that is no object");
    return { kind: "found", object: Object.assign(object, { apiVersion, kind }) };
  });
  const isMissing = got.kind === "failed" && got.status?.code === 404 && got.status.reason === "NotFound";
  return isMissing ? { kind: "absent" } : got;
}
