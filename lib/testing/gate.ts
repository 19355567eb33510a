/** A point that somebody waits at until a test opens it. */
export interface Gate {
  readonly open: () => void;
  /** Resolves when it is open. */
  readonly opened: Promise<void>;
  /** Resolves when somebody has come to it with `pass`. */
  readonly reached: Promise<void>;
  /** Says that one has come, and waits until it is open. */
  readonly pass: () => Promise<void>;
}

/** Makes a gate that is closed: for agents that are to be in the middle of something while a test looks. */
export function createGate(): Gate {
  const { resolve: open, promise: opened } = settleable();
  const { resolve: reach, promise: reached } = settleable();
  return {
    ...{ open, opened, reached },
    pass() {
      reach();
      return opened;
    },
  };
}

function settleable(): { readonly resolve: () => void; readonly promise: Promise<void> } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { resolve, promise };
}
