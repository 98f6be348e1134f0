import type { OracleFlow, World } from "./objects.ts";

/** One demand on the meaning of NetworkPolicy: a world, and what must and must not get through in it. */
export interface Decision {
  readonly name: string;
  readonly world: World;
  readonly allowed: readonly OracleFlow[];
  readonly denied: readonly OracleFlow[];
}
