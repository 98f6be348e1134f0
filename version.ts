import manifest from "./package.json" with { type: "json" };

// compile.ts writes both into the executable.
declare const TORTIE_VERSION: string | undefined;
declare const TORTIE_COMMIT: string | undefined;

/** For example `0.1.0 (commit 1a2b3c4d5e6f)`; `commit source` where tortie runs uncompiled. */
export const VERSION: string =
  typeof TORTIE_VERSION === "string" && typeof TORTIE_COMMIT === "string"
    ? `${TORTIE_VERSION} (commit ${TORTIE_COMMIT})`
    : `${manifest.version} (commit source)`;
