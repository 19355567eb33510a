import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Task } from '../../lib/protocol/v1.ts';
import { readEvents } from '../helpers/sse.ts';

const readme = readFileSync('README.md', 'utf8');
/** The code blocks of the README, in order. */
const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({
  language,
  code,
}));
const commands = blocks.flatMap(({ language, code }, index) => {
  if (language !== 'sh' || !code.includes('curl')) return [];
  const answer = blocks[index + 1];
  return [{ command: code.trim(), answer: answer?.language === 'sh' ? undefined : answer?.code }];
});

let example: ChildProcess;
let printed = '';
let origin = '';

beforeAll(async () => {
  execFileSync(process.execPath, ['.ci/build.mjs', '--if-needed'], { stdio: 'inherit' });
  example = spawn(process.execPath, ['examples/agent.mjs'], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of example.stdout ?? []) {
    printed += String(chunk);
    if (printed.includes('ListTasks')) break;
  }
  origin = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0] ?? '';
}, 240_000);

afterAll(async () => {
  const ended = once(example, 'exit');
  example.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

/** What a documented answer matches: … stands for anything, and white space between tokens does not count. */
function pattern(answer: string): RegExp {
  const literal = squeeze(answer).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replace(/"…":"…",?|"…"|…/g, '.*?')}$`);
}

function squeeze(text: string): string {
  return text.replace(/\s/g, '');
}

describe('the curl lines', () => {
  const answers: string[] = [];

  it('are printed by the example as the README has them', () => {
    const lines = printed.split('\n').filter((line) => /^(curl|TASK)/.test(line));
    expect(lines).toEqual(commands.map(({ command }) => command.replaceAll('http://127.0.0.1:3000', origin)));
    expect(commands.length).toBe(8);
  });

  it('work when pasted one after the other', () => {
    const mark = '@@@';
    const script = commands
      .map(({ command }) => `${command.replaceAll('http://127.0.0.1:3000', origin)}\necho '${mark}'`)
      .join('\n');
    const output = execFileSync('bash', ['-c', script], { encoding: 'utf8' });
    answers.push(...output.replaceAll(origin, 'http://127.0.0.1:3000').split(mark));
    expect(answers.length).toBe(commands.length + 1);
    expect(answers[4]?.trim()).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  });

  it.each(commands.map(({ command, answer }, index) => [index, command.slice(-90), answer] as const))(
    'number %d gives the documented answer: …%s',
    (index, _, answer) => {
      if (answer !== undefined) expect(squeeze(answers[index] ?? '')).toMatch(pattern(answer));
    },
  );
});

describe('the words of the README', () => {
  const [, table = ''] = readme.split('| what happens');
  const words = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)` +\|/gm)].map(
    ([, word = '']) => word,
  );

  async function open(method: string, params: object): Promise<Response> {
    return fetch(`${origin}/a2a`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
  }

  async function send(text: string, taskId?: string): Promise<Task> {
    const message = { messageId: text, role: 'ROLE_USER', parts: [{ text }], ...(taskId && { taskId }) };
    const answer = await (await open('SendMessage', { message })).json();
    expect(answer).toEqual({ jsonrpc: '2.0', id: 1, result: { task: expect.anything() } });
    return (answer as { result: { task: Task } }).result.task; // just checked
  }

  it('are the ones tested here', () => {
    expect(words).toEqual(['ask', 'slow', 'file', 'fail', 'reject']);
  });

  it('ask: asks for a name, and greets', async () => {
    const asked = await send('ask');
    expect(asked.status).toMatchObject({
      state: 'TASK_STATE_INPUT_REQUIRED',
      message: { role: 'ROLE_AGENT', parts: [{ text: 'What is your name?' }] },
    });
    expect(await send('Ada', asked.id)).toMatchObject({
      id: asked.id,
      status: { state: 'TASK_STATE_COMPLETED' },
      artifacts: [{ parts: [{ text: 'Hello Ada!' }] }],
    });
  });

  it('file: answers with a file and with data', async () => {
    const task = await send('file');
    expect(task).toMatchObject({
      status: { state: 'TASK_STATE_COMPLETED' },
      artifacts: [
        {
          parts: [
            {
              raw: Buffer.from('word,letters\nfile,4\n').toString('base64'),
              filename: 'table.csv',
              mediaType: 'text/csv',
            },
            { data: { word: 'file', letters: 4 } },
          ],
        },
      ],
    });
  });

  it('fail: fails in words for the client', async () => {
    expect((await send('fail')).status).toMatchObject({
      state: 'TASK_STATE_FAILED',
      message: {
        parts: [{ text: 'I can not do this' }, { data: { code: 'PLAYGROUND', data: { word: 'fail' } } }],
      },
    });
  });

  it('reject: declines', async () => {
    expect((await send('reject')).status).toMatchObject({
      state: 'TASK_STATE_REJECTED',
      message: { parts: [{ text: 'I do not do such things' }] },
    });
  });

  it('slow: counts until it is canceled, and its stream ends so', async () => {
    const message = { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'slow' }] };
    const stream = readEvents(await open('SendStreamingMessage', { message }));
    const first = JSON.parse((await stream.next())?.data ?? '') as { result: { task: Task } }; // a stream begins with a task
    const { id } = first.result.task;
    for (let text = ''; !text.includes('"1\\n"');) text = (await stream.next())?.data ?? '"1\\n"';
    expect(await (await open('CancelTask', { id })).json()).toMatchObject({
      result: { id, status: { state: 'TASK_STATE_CANCELED' } },
    });
    const last = (await stream.rest()).at(-1)?.data ?? '';
    expect(last).toContain('"TASK_STATE_CANCELED"');
  });

  it('any other text: a streamed text', async () => {
    expect(await send('Good morning, agent')).toMatchObject({
      status: { state: 'TASK_STATE_COMPLETED' },
      artifacts: [{ parts: [{ text: 'You said: Good morning, agent' }] }],
    });
  });
});

describe('the ten lines', () => {
  it('are the first block of the README and a model to try it with', () => {
    const file = readFileSync('examples/ten-lines.mjs', 'utf8');
    const [first] = blocks;
    expect(file.startsWith(`${first?.code ?? '?'}\n/**\n * Stands for a language model`)).toBe(true);
  });

  it('answer', async () => {
    const source = readFileSync('examples/ten-lines.mjs', 'utf8').replace(
      "app.listen(3000, '127.0.0.1');",
      "app.listen(0, '127.0.0.1', () => console.log(server.address().port));",
    );
    const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [port] = (await once(child.stdout, 'data')) as [Buffer]; // no encoding is set
    const card = await fetch(`http://127.0.0.1:${String(port).trim()}/.well-known/agent-card.json`);
    const { supportedInterfaces } = (await card.json()) as { supportedInterfaces: [{ url: string }] }; // used below
    const message = { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'A frog' }] };
    const response = await fetch(supportedInterfaces[0].url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message } }),
    });
    expect(await response.json()).toMatchObject({
      result: {
        task: { artifacts: [{ parts: [{ text: expect.stringContaining('A frog jumps into the pond') }] }] },
      },
    });
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
