import { memoryBackend, type MemoryBackendOptions } from '../../lib/memory/backend.ts';
import { createWorkerBench, type WorkerBench, type WorkerWish } from '../../lib/testing/worker/bench.ts';
import { brief } from '../../lib/testing/worker/brief.ts';
import { fakeClock } from '../../lib/testing/fake-clock.ts';
import type { Agent } from '../../lib/core/output.ts';
import type { Answers } from '../../lib/core/log.ts';
import type { StoredTask } from '../../lib/core/log.ts';

/** Runs a test on a bench in memory, and puts everything away after it. */
export async function withBench<T>(
  body: (bench: WorkerBench) => Promise<T>,
  options: MemoryBackendOptions = {},
): Promise<T> {
  const clock = fakeClock();
  const bench = createWorkerBench({ ...memoryBackend({ ...options, clock }), advance: clock.advance });
  try {
    return await body(bench);
  } finally {
    await bench.dispose();
  }
}

/** What one run of an agent leaves behind: its log after `open` and `start`, the task, what reached onError. */
export async function runOnce(
  agent: Agent,
  { answers = 'task', ...wish }: WorkerWish & { answers?: Answers } = {},
): Promise<{ log: string[]; task: StoredTask; errors: unknown[]; logged: string[] }> {
  return withBench(async (bench) => {
    const { errors, logged } = await bench.start(agent, wish);
    const taskId = await bench.send('hello', { answers });
    const isEnd = (text: string | undefined) => /^(COMPL|FAIL|REJ|CANC|INPUT|AUTH|message)/.test(text ?? '');
    const entries = await bench.until(taskId, (entry) => isEnd(brief([entry])[0]));
    await bench.settle();
    expectSame(brief(await bench.log(taskId)), brief(entries));
    const { task } = await bench.load(taskId);
    return { log: brief(entries).slice(2), task, errors: errors.map(({ error }) => error), logged };
  });
}

function expectSame(later: string[], now: string[]): void {
  if (later.join() !== now.join()) throw new Error(`more came after the end: ${later.join(' / ')}`);
}

/** A promise that is resolved from outside. */
export function gate<T = void>(): { opened: Promise<T>; open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
