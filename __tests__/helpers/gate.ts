/** Something that a test lets happen. */
export interface Gate {
  readonly open: () => void;
  readonly opened: Promise<void>;
}

/** Makes a gate that is closed. */
export function gate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

const LIMIT_MS = 60_000;

/** Resolves when the condition holds; it is looked at with every turn of the event loop. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const started = performance.now();
  while (!(await condition())) {
    if (performance.now() - started > LIMIT_MS) throw new Error(`never: ${condition.toString()}`);
    await new Promise(setImmediate);
  }
}
