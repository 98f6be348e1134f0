import * as v from "valibot";
import { type Cidr, cidrFamily, cidrRange, parseCidr } from "../../model/cidr.ts";
import { listOf, type Schema, someText, strictFields } from "./schema.ts";

export interface IpBlock {
  readonly cidr: Cidr;
  readonly except: readonly Cidr[];
}

/** Host bits and leading zeros (decimal) are read, because servers keep serving what they stored before they refused them. */
const cidr: Schema<Cidr> = v.pipe(
  someText,
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parseCidr(dataset.value, { leadingZeros: "decimal" });
    if (parsed !== undefined) return parsed;
    addIssue({ message: "expected a CIDR such as 10.0.0.0/8 or fd00::/8" });
    return NEVER;
  }),
);

function strictlyInside(inner: Cidr, outer: Cidr): boolean {
  if (cidrFamily(inner) !== cidrFamily(outer)) return false;
  const [small, large] = [cidrRange(inner), cidrRange(outer)];
  return large.first <= small.first && small.last <= large.last && inner !== outer;
}

export const ipBlock: Schema<IpBlock> = v.pipe(
  strictFields({ cidr, except: listOf(cidr) }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { cidr: outer, except } = dataset.value;
    for (const [index, inner] of except.entries()) {
      if (strictlyInside(inner, outer)) continue;
      addIssue({
        message: `expected a block strictly inside ${outer}`,
        path: [
          { type: "object", origin: "value", input: dataset.value, key: "except", value: except },
          { type: "array", origin: "value", input: [...except], key: index, value: inner },
        ],
      });
    }
  }),
);
