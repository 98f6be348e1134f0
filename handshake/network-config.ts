import * as v from "valibot";
import type { Fields } from "./calico-fields.ts";

/** What a file in the directory of CNI configurations says, as far as it matters whose it is. */
export interface NetworkConfig {
  /** One plugin by itself, as before version 0.3.0, or a list of them. */
  readonly kind: "single" | "list";
  readonly name: string;
  /** The `type`s of its plugins, in their order. */
  readonly plugins: readonly string[];
  /** What each of them is given, but for what a runtime adds of the container. */
  readonly given: readonly Fields[];
}

export type ReadNetworkConfig =
  | { readonly ok: true; readonly config: NetworkConfig }
  | { readonly ok: false; readonly found: string };

const NAME = v.pipe(v.string(), v.regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/));
const TYPE = v.pipe(v.string(), v.nonEmpty());
const Plugins = v.pipe(v.array(v.looseObject({ type: TYPE })), v.nonEmpty());

function not(found: string): ReadNetworkConfig {
  return { ok: false, found };
}

/** Says in `found` why it is none. */
export function readNetworkConfig(text: string): ReadNetworkConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return not(`it is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return not("it is no JSON object");
  const whole = value as Fields;
  const { name, plugins, type, cniVersion } = whole;
  const named = v.safeParse(NAME, name);
  if (!named.success) {
    const wrong = "it names no network: `name` must be letters, digits, '_', '.' and '-'";
    return not(name === undefined ? wrong : `${wrong}, and is ${JSON.stringify(name)}`);
  }
  if (plugins === undefined) {
    const single = v.safeParse(TYPE, type);
    if (!single.success) return not("it has neither `plugins` nor the `type` of a single one");
    return {
      ok: true,
      config: { kind: "single", name: named.output, plugins: [single.output], given: [whole] },
    };
  }
  const listed = v.safeParse(Plugins, plugins);
  if (!listed.success) return not("`plugins` must be a list of objects that each have a `type`");
  const types = listed.output.map((plugin) => plugin.type);
  const given = listed.output.map((plugin) => ({ ...plugin, name, cniVersion }));
  return { ok: true, config: { kind: "list", name: named.output, plugins: types, given } };
}
