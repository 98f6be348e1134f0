import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Problem } from "../../model/problem.ts";

/** Writers are heard out until nothing has happened for QUIET ms, but at most for PATIENCE ms. */
const QUIET = 20;
const PATIENCE = 250;

/** Inode numbers are used again at once: a directory deleted and made anew differs in its birth alone. */
async function identity(directory: string): Promise<string> {
  const { dev, ino, birthtimeNs } = await stat(directory, { bigint: true });
  return `${dev}:${ino}:${birthtimeNs}`;
}

/**
 * Rings when something happens in a directory. It only says that, never what: names in events miss what a ConfigMap's
 * symlink swap changes, and a directory that was replaced goes silent for good.
 */
export class DirectoryBell implements Disposable {
  readonly #directory: string;
  #watcher: FSWatcher | undefined;
  #armedOn = "";
  #rungAt: number | undefined;
  #wake: (() => void) | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Listens to the directory that stands at the path now. Call before every look: what comes after it rings. Throws
   * where there is no directory; a problem where the system has no watcher left to give (inotify limits).
   */
  async arm(): Promise<Problem | undefined> {
    // Twice, so that a directory swapped while the watcher starts is never taken for the one watched.
    for (let tries = 0; tries < 3; tries++) {
      const now = await identity(this.#directory);
      if (this.#watcher !== undefined && now === this.#armedOn) return undefined;
      this.#disarm();
      this.#armedOn = now;
      const watcher = this.#open();
      if ("problem" in watcher) return watcher.problem;
      this.#watcher = watcher;
      const gone = (): void => {
        if (this.#watcher === watcher) this.#disarm();
        this.#ring();
      };
      // An event with the directory's own name is its last: it was moved or deleted.
      const own = basename(this.#directory);
      watcher.on("change", (_event, name) => (name === own ? gone() : this.#ring()));
      watcher.on("error", gone).on("close", gone);
    }
    return undefined;
  }

  /** Whether it rang since the last `takeRing`. */
  get rung(): boolean {
    return this.#rungAt !== undefined;
  }

  /** When it first rang since the last call, in milliseconds of performance.now(). */
  takeRing(): number | undefined {
    const rungAt = this.#rungAt;
    this.#rungAt = undefined;
    return rungAt;
  }

  /** Resolves when it has rung and quiet has returned, after `longest` ms, or when `stopping` fires. */
  async wait(longest: number, stopping: AbortSignal): Promise<void> {
    if (this.#rungAt === undefined) await this.#pause(longest, stopping);
    const first = this.#rungAt;
    if (first === undefined) return;
    for (let left = PATIENCE; left > 0 && !stopping.aborted; left = first + PATIENCE - performance.now()) {
      if (!(await this.#pause(Math.min(QUIET, left), stopping))) return;
    }
  }

  [Symbol.dispose](): void {
    this.#disarm();
  }

  #open(): FSWatcher | { readonly problem: Problem } {
    try {
      return watch(this.#directory);
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      const message = `cannot be watched: ${because}`;
      const consequence = "changes are seen seconds later";
      return { problem: { where: this.#directory, path: "", value: "", message, consequence } };
    }
  }

  #disarm(): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    watcher?.close();
  }

  #ring(): void {
    this.#rungAt ??= performance.now();
    this.#wake?.();
  }

  /** Whether it was cut short. */
  #pause(milliseconds: number, stopping: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (cutShort: boolean): void => {
        clearTimeout(timer);
        stopping.removeEventListener("abort", cut);
        this.#wake = undefined;
        resolve(cutShort);
      };
      const cut = (): void => end(true);
      const timer = setTimeout(() => end(false), milliseconds);
      stopping.addEventListener("abort", cut);
      this.#wake = cut;
      if (stopping.aborted) cut();
    });
  }
}
