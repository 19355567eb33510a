import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Example, startExample } from '../helpers/example.ts';

const doc = readFileSync('docs/rest.md', 'utf8');
const [, block = ''] = /^```sh\n([\s\S]*?)^```$/m.exec(doc) ?? [];
/** Each with the lines that go on after a backslash. */
const commands = block.trim().split(/(?<!\\)\n/);

let agent: Example;

beforeAll(async () => {
  agent = await startExample('agent.mjs');
}, 240_000);

afterAll(() => agent.stop());

/** What a command of the page prints, the port aside. */
function run(command: string): string {
  const here = command.replaceAll('http://127.0.0.1:3000', agent.origin);
  return execFileSync('bash', ['-c', here], { encoding: 'utf8' });
}

const COMPLETED = {
  status: { state: 'TASK_STATE_COMPLETED' },
  artifacts: [{ parts: [{ text: 'You said: hello' }] }],
};

describe('the curl lines of docs/rest.md', () => {
  it('are four, for the port of `npm start`', () => {
    expect(commands).toHaveLength(4);
    for (const command of commands) expect(command).toMatch(/^curl .*http:\/\/127\.0\.0\.1:3000\/a2a\//);
  });

  it('send, and wait for the answer', () => {
    expect(JSON.parse(run(commands[0] ?? ''))).toMatchObject({ task: COMPLETED });
  });

  it('stream', () => {
    const events = [...run(commands[1] ?? '').matchAll(/^data: (.*)$/gm)].map(
      ([, json = '']) => JSON.parse(json) as object, // events are objects
    );
    expect(events.length).toBeGreaterThan(2);
    expect(events[0]).toMatchObject({ task: { status: { state: expect.stringContaining('TASK_STATE_') } } });
    expect(events.at(-1)).toMatchObject({ statusUpdate: { status: COMPLETED.status } });
  });

  it('list the tasks of the two before', () => {
    const { tasks } = JSON.parse(run(commands[2] ?? '')) as { tasks: object[] }; // checked below
    expect(tasks).toMatchObject([COMPLETED, COMPLETED]);
  });

  it('cancel nobody, and are told so', () => {
    expect(JSON.parse(run(commands[3] ?? ''))).toMatchObject({
      error: { code: 404, status: 'NOT_FOUND', details: [{ metadata: { taskId: 'nobody' } }] },
    });
  });
});
