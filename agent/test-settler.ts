import { type Compiler, createCompiler } from "../policy/compiler.ts";
import { createSettler, type Pass, type Settler, type SettlerOptions } from "./settler.ts";
import { endpointUpdate, type FakeDataplane, fakeDataplane } from "./test-parts.ts";

export interface SettlerBench {
  readonly dataplane: FakeDataplane;
  readonly settler: Settler;
  readonly compiler: Compiler;
  readonly ended: Pass[];
  readonly crashes: unknown[];
}

/** A settler over a real compiler and a dataplane that settles when it is told to. */
export function bench(
  slices: SettlerOptions["slices"] = {},
  delay: NonNullable<SettlerOptions["delay"]> = () => 1,
): SettlerBench {
  const dataplane = fakeDataplane();
  const ended: Pass[] = [];
  const crashes: unknown[] = [];
  const compiler = createCompiler();
  const settler = createSettler({
    compiler,
    dataplane,
    passBegins: () => {},
    passEnds: (pass) => ended.push(pass),
    crashed: (error) => crashes.push(error),
    delay,
    slices,
  });
  return { dataplane, settler, compiler, ended, crashes };
}

/** Each call of `apply` takes one update, and each uses up its turn of the event loop. */
export function slow(): NonNullable<SettlerOptions["slices"]> {
  let clock = 0;
  return { mostUpdates: 1, milliseconds: 1, now: () => clock++ };
}

export const MANY: readonly string[] = ["a", "b", "c", "d", "e"];

/** A flood: with each turn of the event loop come more changes than one turn applies. Disposing ends it. */
export function flood(settler: Settler): Disposable {
  let [at, flowing] = [0, true];
  function pour(): void {
    if (!flowing) return;
    settler.take([endpointUpdate(`${at}-a`), endpointUpdate(`${at}-b`)], at);
    settler.take([endpointUpdate(`${at}-c`), endpointUpdate(`${at++}-d`)], at);
    setImmediate(pour);
  }
  pour();
  return { [Symbol.dispose]: () => void (flowing = false) };
}
