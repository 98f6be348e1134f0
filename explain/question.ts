import { Command, CommanderError, Option } from "commander";
import type { Family } from "../model/address.ts";
import { hasPorts, parseProtocol, type Protocol, protocolName } from "../model/protocol.ts";

/** What was asked, before the names in it are looked up. */
export interface Question {
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  /** A name is one of the receiver's ports. Undefined for protocols without ports. */
  readonly port: number | string | undefined;
  readonly family: Family | undefined;
  readonly output: "text" | "json";
}

export type Asked =
  | { readonly kind: "question"; readonly question: Question }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "wrong"; readonly text: string };

/** Something that the user can put right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

// Go's flag readers take -o=json, and its users type it.
const EQUALS = /^=/;

function readProtocol(text: string): Protocol {
  const protocol = parseProtocol(text.replace(EQUALS, ""));
  if (protocol !== undefined) return protocol;
  throw new UsageError(`--protocol ${text}: it is TCP, UDP, SCTP, ICMP, ICMPv6 or a number from 1 to 255`);
}

function readPort(text: string | undefined, protocol: Protocol): number | string | undefined {
  if (!hasPorts(protocol)) {
    if (text === undefined) return undefined;
    throw new UsageError(`--port ${text}: ${protocolName(protocol)} has no ports; leave --port out`);
  }
  if (text === undefined) throw new UsageError(`--port is missing: ${protocolName(protocol)} has ports`);
  if (/^[a-z0-9-]*[a-z][a-z0-9-]*$/.test(text) && text.length <= 15) return text;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new UsageError(
    `--port ${text}: it is a number from 1 to 65535, or the name of a port of the receiving pod`,
  );
}

function readParty(option: string, text: string | undefined): string {
  if (text !== undefined) return text;
  throw new UsageError(`${option} is missing: it is NAMESPACE/POD, an IP address, or \`node\``);
}

function program(print: (text: string) => void): Command {
  return (
    new Command("tortie explain")
      .description("Says whether a new connection passes, step by step, and which policy and rule decides.")
      // Not required by commander, which would call a misspelled --from a missing one.
      .option("--from <party>", "NAMESPACE/POD, an IP address, or `node`")
      .option("--to <party>", "NAMESPACE/POD, an IP address, or `node`")
      .option("--port <port>", "number or name of the destination port")
      .option("--protocol <protocol>", "TCP, UDP, SCTP, ICMP or a number", "TCP")
      .addOption(new Option("--family <family>", "IP version, where both ends have both").choices(["4", "6"]))
      .addOption(
        new Option("-o, --output <format>", "text or json")
          .default("text")
          .argParser((text: string) => text.replace(EQUALS, "")),
      )
      .addHelpText(
        "after",
        "\nReads the datastore that the agent would read here: DATASTORE_TYPE and what belongs to it (`tortie agent --help`).",
      )
      .addHelpText("after", "Exit code: 0 allowed, 2 denied, 1 no answer.")
      .configureOutput({ writeOut: print, writeErr: print })
      .exitOverride()
  );
}

/** Reads the command line. */
export function readQuestion(args: readonly string[]): Asked {
  let printed = "";
  const command = program((text) => (printed += text));
  try {
    command.parse(args, { from: "user" });
    const given = command.opts<{
      from?: string;
      to?: string;
      port?: string;
      protocol: string;
      family?: "4" | "6";
      output: string;
    }>();
    if (given.output !== "text" && given.output !== "json") {
      throw new UsageError(`-o ${given.output}: it is text or json`);
    }
    const from = readParty("--from", given.from);
    const to = readParty("--to", given.to);
    const protocol = readProtocol(given.protocol);
    const port = readPort(given.port, protocol);
    const family = given.family === undefined ? undefined : given.family === "4" ? 4 : 6;
    const { output } = given;
    return { kind: "question", question: { from, to, protocol, port, family, output } };
  } catch (error) {
    if (error instanceof UsageError) return { kind: "wrong", text: error.message };
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "help", text: printed };
    return { kind: "wrong", text: printed.trimEnd().replace(/^error: /, "") };
  }
}
