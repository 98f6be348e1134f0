/** What has been done so far, each with its reversal. */
export interface UndoStack {
  push(what: string, takeBack: () => void | Promise<unknown>): void;
  /** Reverses everything, the last first. What fails is told to `onFailure`, and the rest goes on. */
  undo(onFailure: (what: string, error: unknown) => void): Promise<void>;
}

export function createUndoStack(): UndoStack {
  const done: { readonly what: string; readonly takeBack: () => void | Promise<unknown> }[] = [];
  return {
    push: (what, takeBack) => void done.push({ what, takeBack }),
    async undo(onFailure) {
      for (let last = done.pop(); last !== undefined; last = done.pop()) {
        try {
          await last.takeBack();
        } catch (error) {
          onFailure(last.what, error);
        }
      }
    },
  };
}
