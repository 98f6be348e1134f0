import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program } from "../real/programs.ts";
import { type Block, blocksOf, missingLine } from "./page-blocks.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Takes variables before the command, as the real one does. There is nobody to ask for a password. */
const SUDO = '#!/bin/sh\nexec env "$@"\n';

export interface SceneOptions {
  /** The words that run a command where the page's reader is, for example on a machine. Default: here. */
  readonly command?: (words: readonly string[]) => string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Commands that go on until somebody stops them, and what to wait for before the next one. */
  readonly goingOn?: (command: string) => (() => Promise<void>) | undefined;
  /** What a command is in truth, where the page must name something that a test cannot have. */
  readonly instead?: (command: string) => string;
  /** Where the reader is. Default: the root of the repository. */
  readonly where?: string;
  /** Default: that of script/real-servers. */
  readonly kubectl?: string;
}

/** One reader with one shell, who types what pages tell. Close it with `await using`. */
export interface Scene extends AsyncDisposable {
  /** Types all blocks of a page, or those below one heading; throws where one prints something else than the page says. */
  play(page: string, heading?: string): Promise<string>;
  /** Where the reader's long commands write to. */
  readonly directory: string;
}

/** Writes commands into a shell and reads what each printed, and how it ended. */
class Shell {
  readonly #process: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #output: AsyncIterator<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #read = "";
  #marks = 0;

  constructor(process: Bun.Subprocess<"pipe", "pipe", "inherit">) {
    this.#process = process;
    this.#output = process.stdout[Symbol.asyncIterator]();
  }

  async run(command: string): Promise<{ readonly printed: string; readonly status: number }> {
    const mark = `end-of-command-${++this.#marks}`;
    // Nobody may read what the shell is to read next.
    void this.#process.stdin.write(`{\n${command}\n} </dev/null\nprintf '\\n${mark} %s\\n' "$?"\n`);
    await this.#process.stdin.flush();
    const pattern = new RegExp(`\\n${mark} (\\d+)\\n`);
    for (;;) {
      const end = pattern.exec(this.#read);
      if (end !== null) {
        const printed = this.#read.slice(0, end.index);
        this.#read = this.#read.slice(end.index + end[0].length);
        return { printed, status: Number(end[1]) };
      }
      const { done, value } = await this.#output.next();
      if (done) throw new Error(`the shell ended within: ${command}\n${this.#read}`);
      this.#read += this.#decoder.decode(value, { stream: true });
    }
  }

  async end(): Promise<void> {
    void this.#process.stdin.end();
    await this.#process.exited;
  }
}

/** A failure that the page does not tell of is one of the test. */
function judge(block: Block, command: string, status: number, printed: string): void {
  if (status === 0 || block.prints.some((line) => line.includes(`exit code ${status}`))) return;
  throw new Error(`${block.page}, ${block.heading}: ended with exit code ${status}:\n${command}\n${printed}`);
}

/** A reader at the root of the repository, with sudo, kubectl and ctr along the path. */
export function startScene(options: SceneOptions = {}): Scene {
  const directory = mkdtempSync(join(tmpdir(), "tortie-scene-"));
  const bin = join(directory, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "sudo"), SUDO);
  chmodSync(join(bin, "sudo"), 0o755);
  const { command = (words) => [...words], goingOn, instead = (typed) => typed, where = ROOT } = options;
  symlinkSync(options.kubectl ?? program("kubectl"), join(bin, "kubectl"));
  symlinkSync(program("ctr"), join(bin, "ctr"));
  const shell = new Shell(
    Bun.spawn(command(["bash", "-c", 'exec 2>&1; cd "$0"; exec bash', where]), {
      // The real home: what was once fetched is there, and a machine has no way out to fetch it again.
      env: {
        HOME: process.env["HOME"] ?? directory,
        PATH: `${bin}:${process.env["PATH"] ?? ""}`,
        ...options.environment,
      },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    }),
  );
  let going = 0;
  const type = async (block: Block, typed: string): Promise<string> => {
    const settled = goingOn?.(typed);
    const real = instead(typed);
    const line = settled === undefined ? real : `${real} >${directory}/going-on-${++going} 2>&1 &`;
    const { printed, status } = await shell.run(line);
    judge(block, typed, status, printed);
    await settled?.();
    return printed;
  };
  return {
    directory,
    play: async (page, heading) => {
      const blocks = blocksOf(page).filter((block) => heading === undefined || block.heading === heading);
      if (blocks.length === 0) throw new Error(`${page} has no commands below "${heading ?? page}"`);
      let all = "";
      for (const block of blocks) {
        let printed = "";
        for (const typed of block.commands) printed += `${await type(block, typed)}\n`;
        const missing = missingLine(printed, block.prints);
        if (missing !== undefined)
          throw new Error(
            `${page}, ${block.heading}: this line was not printed:\n${missing}\nbut:\n${printed}`,
          );
        all += printed;
      }
      return all;
    },
    [Symbol.asyncDispose]: async () => {
      await shell.run("kill $(jobs -p) 2>/dev/null; wait").catch(() => undefined);
      await shell.end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
