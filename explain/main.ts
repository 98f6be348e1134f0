import type { Datastore } from "../adapters/datastore.ts";
import { ConfigError, readConfig } from "../agent/settings/config.ts";
import { readPools } from "../agent/host/ip-pools.ts";
import { openDatastore } from "../agent/open-datastore.ts";
import type { Pools } from "../agent/host/pools-of.ts";
import type { Environment } from "../model/environment.ts";
import { problemText } from "../model/problem.ts";
import { explain, ExplainError } from "../policy/explain.ts";
import { answerJson, answerText } from "./answer.ts";
import { flowOf } from "./flow-of.ts";
import { readQuestion, UsageError } from "./question.ts";
import { NotInSyncError, readState } from "./read-state.ts";

const ALLOWED = 0;
const NO_ANSWER = 1;
const DENIED = 2;

const MOST_WARNINGS = 10;

/** What the face needs of the world. */
export interface ExplainSurroundings {
  readonly environment: Environment;
  /** Opens the datastore of the configuration. */
  readonly open: (environment: Environment) => Datastore;
  /** The pools of the configuration. */
  readonly pools: (environment: Environment) => Pools;
  readonly out: (text: string) => void;
  readonly warn: (text: string) => void;
}

function warnOfProblems(texts: readonly string[], warn: (text: string) => void): void {
  for (const text of texts.slice(0, MOST_WARNINGS)) warn(`warning: ${text}\n`);
  if (texts.length > MOST_WARNINGS) warn(`warning: and ${texts.length - MOST_WARNINGS} more problems\n`);
}

/** The face with its surroundings given; answers the exit code. */
export async function explainIn(
  args: readonly string[],
  { environment, open, pools, out, warn }: ExplainSurroundings,
): Promise<number> {
  const asked = readQuestion(args);
  if (asked.kind === "help") {
    out(asked.text);
    return 0;
  }
  if (asked.kind === "wrong") {
    warn(`tortie explain: ${asked.text}\n(\`tortie explain --help\` tells what it takes)\n`);
    return NO_ANSWER;
  }
  try {
    const datastore = open(environment);
    const { state, problems, notices } = await readState(datastore, {
      milliseconds: 60_000,
      waitingMilliseconds: 3_000,
      slow: (what) => warn(`notice: waiting for ${what}\n`),
    });
    for (const notice of notices) warn(`notice: ${notice}\n`);
    warnOfProblems(problems.map(problemText), warn);
    const known = pools(environment);
    for (const { text } of known.conditions) warn(`notice: ${text}\n`);
    const flow = flowOf(asked.question, state);
    const explanation = explain({ ...state, pools: known.pools }, flow);
    out(
      asked.question.output === "json"
        ? answerJson(flow, explanation, problems)
        : answerText(flow, explanation),
    );
    return explanation.verdict === "allowed" ? ALLOWED : DENIED;
  } catch (error) {
    if (
      error instanceof UsageError ||
      error instanceof ConfigError ||
      error instanceof NotInSyncError ||
      error instanceof ExplainError
    ) {
      warn(`tortie explain: ${error.message}\n`);
      return NO_ANSWER;
    }
    throw error;
  }
}

/** `tortie explain`: exit code 0 allowed, 2 denied, 1 no answer. */
export function explainMain(args: readonly string[]): Promise<number> {
  return explainIn(args, {
    environment: process.env,
    open: (environment) => {
      const { config, ineffective } = readConfig(environment);
      for (const text of ineffective) process.stderr.write(`notice: setting without effect: ${text}\n`);
      return openDatastore(config, undefined);
    },
    pools: (environment) => readPools(readConfig(environment)),
    out: (text) => void process.stdout.write(text),
    warn: (text) => void process.stderr.write(text),
  });
}
