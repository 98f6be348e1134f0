import type { DocumentOptions, ParseOptions, SchemaOptions } from "yaml";

/**
 * YAML 1.2 (core). Keys that appear twice are errors: whichever counted, somebody meant the other. `<<` merges, as
 * kubectl reads it. What is amiss stands in the document's errors and warnings.
 */
export const YAML_OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  version: "1.2",
  schema: "core",
  // Sets, dates and bytes are nothing that JSON has; a tag that stays unresolved is a warning, which counts as an error.
  resolveKnownTags: false,
  merge: true,
  prettyErrors: false,
  logLevel: "silent",
};
