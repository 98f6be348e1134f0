import { stringify } from "yaml";

/** Everything as YAML, keys in alphabetical order as calicoctl writes them. */
export function yamlText(value: unknown): string {
  // Readers of YAML 1.1 (kubectl, calicoctl) take an unquoted `on` or `012` for something else than text.
  return stringify(value, {
    sortMapEntries: true,
    compat: "yaml-1.1",
    lineWidth: 0,
    aliasDuplicateObjects: false,
    indentSeq: false,
  });
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
