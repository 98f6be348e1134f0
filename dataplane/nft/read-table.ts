import { SystemCallError } from "../../native/system-call-error.ts";
import { attributeText, createMessageBuffer } from "../../native/message-buffer.ts";
import { attributeNumber, attributeString, netlinkAttributes } from "../../native/netlink-messages.ts";
import type { NetlinkSocket } from "../../native/netlink-socket.ts";
import { CHAIN_NAME, OWNER, PERSIST, TABLE_FLAGS } from "./encode/chain.ts";
import { MESSAGE, type MessageKind, NLM_F_DUMP, TABLE_NAME, tableMessage } from "./encode/messages.ts";
import { INTERVAL, MAP, SET_FLAGS, SET_KEY_TYPE, SET_NAME } from "./encode/set.ts";
import { keyTypesOf, type SetShape } from "./encode/value-types.ts";
import type { TableNames } from "./writer.ts";

const NFGENMSG = 4;
const SEQUENCE = 1;

type Attributes = ReadonlyMap<number, Uint8Array>;

function request(
  kind: MessageKind,
  table: string,
  options: { readonly dump?: boolean; readonly set?: string },
): Uint8Array {
  const buffer = createMessageBuffer(256);
  const flags = options.dump === true ? NLM_F_DUMP : 0;
  tableMessage(buffer, { kind, flags, sequence: SEQUENCE, table }, () => {
    if (options.set !== undefined) attributeText(buffer, SET_NAME, options.set);
  });
  return buffer.bytes.slice(0, buffer.length);
}

/** One object's attributes; undefined where there is none. */
function readOne(socket: NetlinkSocket, bytes: Uint8Array, tried: string): Attributes | undefined {
  try {
    const answer = socket.request(bytes, tried);
    return answer === undefined ? undefined : netlinkAttributes(answer.payload, NFGENMSG);
  } catch (error) {
    if (error instanceof SystemCallError && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Objects of this table: the kernel's dump of chains holds those of other tables too. Nothing else of them is read. */
function dumpOwn(socket: NetlinkSocket, kind: MessageKind, table: string): Attributes[] {
  return socket
    .dump(request(kind, table, { dump: true }), `list names of table ${table}`)
    .map(({ payload }) => netlinkAttributes(payload, NFGENMSG))
    .filter((attributes) => attributeString(attributes.get(TABLE_NAME)) === table);
}

/** Asks the kernel what the elements of a set look like; undefined where it is missing or of a type that is not ours. */
export function readSetShape(socket: NetlinkSocket, table: string, set: string): SetShape | undefined {
  const attributes = readOne(
    socket,
    request(MESSAGE.getSet, table, { set }),
    `read set ${set} of table ${table}`,
  );
  if (attributes === undefined) return undefined;
  const types = keyTypesOf(attributeNumber(attributes.get(SET_KEY_TYPE)) ?? 0);
  const flags = attributeNumber(attributes.get(SET_FLAGS)) ?? 0;
  return types === undefined ? undefined : { types, interval: (flags & INTERVAL) !== 0 };
}

/** Names of one table, and whose it is. Throws SystemCallError. */
export function readTableNames(socket: NetlinkSocket, table: string): TableNames | undefined {
  const own = readOne(socket, request(MESSAGE.getTable, table, {}), `read table ${table}`);
  if (own === undefined) return undefined;
  const flags = attributeNumber(own.get(TABLE_FLAGS)) ?? 0;
  const chains = dumpOwn(socket, MESSAGE.getChain, table).flatMap(
    (attributes) => attributeString(attributes.get(CHAIN_NAME)) ?? [],
  );
  const sets = dumpOwn(socket, MESSAGE.getSet, table).flatMap((attributes) => {
    const name = attributeString(attributes.get(SET_NAME));
    const map = ((attributeNumber(attributes.get(SET_FLAGS)) ?? 0) & MAP) !== 0;
    return name === undefined ? [] : [{ name, map }];
  });
  const unowned = (flags & PERSIST) !== 0 ? "orphan" : "plain";
  return { chains, sets, ownership: (flags & OWNER) !== 0 ? "owned" : unowned };
}
