import type { Agent, Chunk } from '../../lib/core/output.ts';
import type { Turn } from '../../lib/core/turn.ts';

/** Waits until the test lets the task pass; the name of a gate begins with the owner of the task. */
export type Pass = (gate: string) => Promise<void>;

type Script = (turn: Turn, pass: Pass) => ReturnType<Agent>;

/** How much `flood` says: more than the sockets of a reader take. */
export const FLOOD = { chunks: 320, letters: 32_768 };
/** How much `many` says: more than a log may keep. */
export const MANY = { entries: 1100, kept: 1000, letters: 500_000 };

const SCRIPTS: Readonly<Record<string, Script>> = {
  async *words(turn, pass) {
    await pass('go');
    yield* say(turn, 'one ', 'two');
  },
  async *half(turn, pass) {
    yield* say(turn, 'one ', 'two');
    await pass('go');
  },
  async name(turn) {
    if (turn.text !== 'name') return `hello ${turn.text}`;
    return turn.requireInput('Who?');
  },
  async auth(turn) {
    const got = await turn.requireAuth('Sign in', { wait: true });
    return 'message' in got ? `welcome ${String(got.message.parts[0]?.text)}` : 'resumed';
  },
  async slow(turn, pass) {
    await turn.working();
    await pass('go');
    await turn.requireInput(`after ${turn.text}`);
  },
  hear: (turn) => turn.requireInput(`heard ${turn.text}`),
  async alone(turn, pass) {
    await turn.working();
    await pass('go');
    return `aborted: ${String(turn.signal.aborted)}`;
  },
  echo: (turn) => turn.text,
  message: (turn) => `you said ${turn.text}`,
  async steps(turn, pass) {
    const stream = turn.stream();
    for (let step = 0; step < 40; step += 1) {
      if (step % 10 === 0) await pass(`step ${String(step)}`);
      await stream.append([{ data: step }]);
    }
  },
  async *many(turn, pass) {
    if (turn.text === 'many') return turn.requireInput('How many?');
    if (turn.text === 'so many') {
      for (let index = 0; index < MANY.entries; index += 1) yield [{ data: index }];
      return turn.requireInput('Go on?');
    }
    // so large that what is before it is folded
    yield 'x'.repeat(MANY.letters);
    await pass('go');
  },
  async *flood() {
    for (let index = 0; index < FLOOD.chunks; index += 1) yield String(index).padEnd(FLOOD.letters, '.');
  },
  async *notify(turn) {
    yield* say(turn, '1', '2', '3', '4');
  },
};

/** An agent that does what the first word of a task says. It is the same in this process and in others. */
export function deployedAgent(pass: Pass): Agent {
  return (turn) => {
    const [first = ''] = (turn.task.history?.[0]?.parts[0]?.text ?? turn.text).split(' ');
    const script = SCRIPTS[first];
    if (script === undefined) throw new Error(`there is no script ${first}`);
    return script(turn, (gate) => pass(`${String(turn.scope.owner)} ${gate}`));
  };
}

async function* say(turn: Turn, ...words: readonly string[]): AsyncGenerator<Chunk> {
  await turn.working();
  yield* words;
}
