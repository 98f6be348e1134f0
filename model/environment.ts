/** The variables of a process; an empty one is set, undefined is not. */
export type Environment = Readonly<Record<string, string | undefined>>;
