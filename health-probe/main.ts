import type { Environment } from "../model/environment.ts";
import { askAgent, type HealthQuestion } from "./ask-agent.ts";
import { whereToAsk } from "./where.ts";

/** Under the five seconds that the manifests give a probe, so that this tells why and not the kubelet. */
const MILLISECONDS = 4_000;

const HELP = `tortie health: asks the agent of this node how it is, for probes and for people

Usage: tortie health [liveness|readiness] [-c PATH]

  readiness               its rules are in force and may be relied on (the default)
  liveness                it works, or a restart would not help
  -c, --config-file PATH  the felix.cfg that the agent was given

It asks FELIX_HEALTHHOST (127.0.0.1) on port FELIX_HEALTHPORT (9099), and gives the agent 4 seconds.
Exit code: 0 it is well, 1 it is not, or does not answer, 2 wrong use.
`;

/** What the face needs of the world. */
export interface HealthProbeSurroundings {
  readonly environment: Environment;
  /** Writes to standard output and gives the exit code. */
  readonly print: (text: string) => number;
  readonly warn: (text: string) => void;
  readonly milliseconds?: number;
}

type Asked =
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly text: string }
  | { readonly kind: "ask"; readonly question: HealthQuestion; readonly felixFile: string | undefined };

function readArguments(args: readonly string[]): Asked {
  let question: HealthQuestion | undefined;
  let felixFile: string | undefined;
  const words = args.values();
  for (const word of words) {
    const [, inline] = /^--config-file=(.*)$/s.exec(word) ?? [];
    if (word === "-h" || word === "--help") return { kind: "help" };
    if (word === "-c" || word === "--config-file" || inline !== undefined) {
      felixFile = inline ?? words.next().value;
      if (!felixFile) return { kind: "wrong", text: `${word} needs the path of a felix.cfg` };
    } else if ((word === "liveness" || word === "readiness") && question === undefined) question = word;
    else return { kind: "wrong", text: `unknown argument ${word}; it takes liveness or readiness` };
  }
  return { kind: "ask", question: question ?? "readiness", felixFile };
}

/** The face with its surroundings given; answers the exit code. */
export async function healthProbeIn(
  args: readonly string[],
  { environment, print, warn, milliseconds = MILLISECONDS }: HealthProbeSurroundings,
): Promise<number> {
  const complain = (text: string): void => {
    for (const line of text.split("\n")) warn(`tortie health: ${line}\n`);
  };
  const asked = readArguments(args);
  if (asked.kind === "help") return print(HELP);
  if (asked.kind === "wrong") {
    complain(asked.text);
    return 2;
  }
  const where = whereToAsk(environment, asked.felixFile);
  if (where.kind === "nowhere") {
    complain(where.text);
    return 1;
  }
  const answer = await askAgent(asked.question, { ...where, milliseconds });
  if (answer.kind === "silent") {
    complain(answer.text);
    return 1;
  }
  const printed = print(answer.body);
  return answer.well ? printed : 1;
}

/** `tortie health`. Answers the exit code: 0 the agent is well, 1 it is not or is silent, 2 wrong use. */
export async function healthProbeMain(
  args: readonly string[],
  { print }: Pick<HealthProbeSurroundings, "print">,
): Promise<number> {
  return healthProbeIn(args, {
    environment: process.env,
    print,
    warn: (text) => void process.stderr.write(text),
  });
}
