/** Whether a turn is over, or was told to stop. */
export interface TurnOver {
  readonly isOver: () => boolean;
  /** Aborted when it is; made only for who waits for it, since most agents never do. */
  readonly signal: () => AbortSignal;
  /** The turn has come to its end. */
  readonly end: () => void;
}

/** Makes the end of a turn that `stop` tells to stop. */
export function createTurnOver(stop: AbortSignal): TurnOver {
  let hasEnded = false;
  let ending: AbortController | undefined;
  return {
    isOver: () => hasEnded || stop.aborted,
    signal() {
      ending ??= new AbortController();
      if (hasEnded) ending.abort();
      return AbortSignal.any([stop, ending.signal]);
    },
    end() {
      hasEnded = true;
      ending?.abort();
    },
  };
}
