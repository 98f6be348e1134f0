import { parseAddress } from "../model/address.ts";
import type { Endpoint, EndpointId } from "../model/endpoint.ts";
import { nearNames } from "../model/near-names.ts";
import { protocolName } from "../model/protocol.ts";
import type { ClusterState } from "../model/update.ts";
import type { Flow, Party } from "../policy/explain.ts";
import { type Question, UsageError } from "./question.ts";

function unknownPod(option: string, text: string, state: ClusterState): UsageError {
  const known = [...state.endpoints.keys()];
  const near = nearNames(text, known);
  const sameName = known.filter((id) => id.endsWith(`/${text.slice(text.indexOf("/") + 1)}`));
  const meant = [...new Set([...sameName, ...near])].slice(0, 5);
  const hint = meant.length > 0 ? `did you mean ${meant.join(", ")}?` : `${known.length} pods are known`;
  return new UsageError(
    `${option} ${text}: there is no such pod in the datastore (pods on the host's network are none of them); ${hint}`,
  );
}

function partyOf(option: string, text: string, state: ClusterState): Party {
  if (text === "node") return { kind: "node" };
  const address = parseAddress(text);
  if (address !== undefined) return { kind: "address", address };
  const id = text as EndpointId;
  if (state.endpoints.has(id)) return { kind: "endpoint", id };
  if (/^[^/]+\/[^/]+$/.test(text) && !/^[\d.]+\/\d+$/.test(text)) throw unknownPod(option, text, state);
  const sameName = [...state.endpoints.keys()].filter((known) => known.endsWith(`/${text}`)).slice(0, 5);
  const hint = sameName.length > 0 ? `; did you mean ${sameName.join(", ")}?` : "";
  throw new UsageError(`${option} ${text}: it is NAMESPACE/POD, one IP address, or \`node\`${hint}`);
}

function receiver(party: Party, state: ClusterState): Endpoint | undefined {
  if (party.kind === "endpoint") return state.endpoints.get(party.id);
  if (party.kind === "node") return undefined;
  return [...state.endpoints.values()].find(
    ({ addresses, finished }) => !finished && addresses.includes(party.address),
  );
}

function portNumber(name: string, { to, protocol }: Question, endpoint: Endpoint | undefined): number {
  if (endpoint === undefined)
    throw new UsageError(`--port ${name}: ${to} is no pod, so its ports have no names`);
  const named = endpoint.ports.filter((port) => port.protocol === protocol);
  const numbers = [...new Set(named.filter((port) => port.name === name).map(({ port }) => port))];
  const [first] = numbers;
  if (first !== undefined && numbers.length === 1) return first;
  if (first !== undefined) {
    throw new UsageError(
      `--port ${name}: ${endpoint.id} has it at ${numbers.join(" and ")}; give the number`,
    );
  }
  const has = named.map((port) => `${port.name} (${port.port})`).join(", ");
  const instead = has === "" ? "none" : has;
  throw new UsageError(
    `--port ${name}: ${endpoint.id} has no such ${protocolName(protocol)} port; named are: ${instead}`,
  );
}

/** Looks up what the question names. Throws UsageError with what may have been meant. */
export function flowOf(question: Question, state: ClusterState): Flow {
  const { protocol, family } = question;
  const from = partyOf("--from", question.from, state);
  const to = partyOf("--to", question.to, state);
  const port =
    typeof question.port === "string"
      ? portNumber(question.port, question, receiver(to, state))
      : question.port;
  return { from, to, protocol, port, ...(family !== undefined && { family }) };
}
