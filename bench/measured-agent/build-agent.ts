import { build, tortieEntrypoints } from "../../compile.ts";
import { OWN_TARGET } from "../machine.ts";

const AGENT: string = new URL("measured-agent.ts", import.meta.url).pathname;

/** Compiles the agent with its clock as it is shipped, workers too: only the program that is run first differs. */
export function buildMeasuredAgent(directory: string): Promise<string> {
  const [, ...workers] = tortieEntrypoints();
  return build(OWN_TARGET, directory, [AGENT, ...workers]);
}
