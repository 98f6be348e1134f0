import type { Log, LogLevel } from "./log.ts";

export interface AnnouncerOptions {
  readonly log: Log;
  readonly level: LogLevel;
  /** Messages of the lines. */
  readonly appeared: string;
  readonly mended: string;
}

/** Told all texts there are now, it logs each once when it appears and once when it is gone. */
export function createAnnouncer({
  log,
  level,
  appeared,
  mended,
}: AnnouncerOptions): (texts: readonly string[]) => void {
  let known: ReadonlySet<string> = new Set();
  return (texts) => {
    const now = new Set(texts);
    for (const text of now) if (!known.has(text)) log.write(level, appeared, { what: text });
    for (const text of known) if (!now.has(text)) log.write("info", mended, { what: text });
    known = now;
  };
}
