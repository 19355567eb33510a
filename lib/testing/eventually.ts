/** How long a case waits for something that should come at once. */
const LIMIT_MS = 20_000;

/** Resolves as soon as the condition holds, looking again after each turn of the event loop; rejects when it never does. */
export async function eventually(
  condition: () => boolean,
  what: string,
  retry?: () => unknown,
): Promise<void> {
  const start = performance.now();
  for (let turns = 1; !condition(); turns += 1) {
    if (performance.now() - start > LIMIT_MS) throw new Error(`Waited in vain for ${what}`);
    // hints may get lost: it is enough that a later one arrives
    if (turns % 50 === 0) await retry?.();
    await new Promise(turns < 20 ? setImmediate : (resolve) => setTimeout(resolve, 1));
  }
}
