import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { main } from '../../lib/cli/main.ts';
import { createPrinter } from '../../lib/cli/printer.ts';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';

let app: AgentApp;
afterEach(async () => {
  delete process.env['A2A_BEARER'];
  await app.close();
});

async function start(): Promise<void> {
  app = await makeApp({
    owner: (req) => req.headers.authorization ?? null,
    async *agent(turn) {
      if (turn.text === 'slow') await once(turn.signal, 'abort');
      else if (turn.text === 'ask') await turn.requireInput('Who?');
      else if (turn.text === 'fail') await turn.fail('No way');
      else yield* ['you said ', turn.text];
    },
  });
}

/** Runs the command line; what it writes, and how it exits. */
async function run(
  argv: string[],
  more: { isTerminal?: boolean; input?: string; signal?: AbortSignal; onOut?: (text: string) => void } = {},
) {
  let [out, err] = ['', ''];
  const code = await main(argv, {
    out: {
      write: (text) => {
        out += text;
        more.onOut?.(text);
      },
    },
    err: { write: (text) => (err += text) },
    input: (async function* () {
      yield more.input ?? '';
    })(),
    isTerminal: more.isTerminal ?? false,
    signal: more.signal ?? new AbortController().signal,
  });
  return { code, out, err };
}

const parsed = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('on a terminal', () => {
  it('a stream is shown as it comes, and its text as text', async () => {
    await start();
    const { code, out } = await run(['stream', app.url, 'hello', 'there'], { isTerminal: true });
    expect(out).toMatch(/^task [\w-]{36}\n\[submitted\]\nyou said hello there\n\[completed\]\n$/);
    expect(code).toBe(0);
  });

  it('a card and a list are for reading', async () => {
    await start();
    await run(['send', app.url, 'hi']);
    expect((await run(['card', app.url], { isTerminal: true })).out).toBe(
      `Test 1.0.0\nFor tests\nJSONRPC 1.0  ${app.url}\nHTTP+JSON 1.0  ${app.url}\nJSONRPC 0.3  ${app.url}\nstreaming yes, push yes, extended card no\n- Test (default): For tests\n`,
    );
    expect((await run(['list', app.url], { isTerminal: true })).out).toMatch(
      /^\S+Z {2}completed {5} {2}[\w-]{36} {2}[\w-]{36}\n$/,
    );
  });

  it('what an agent leaves out, or this version does not know, is no fault', () => {
    let out = '';
    const printer = createPrinter({ write: (text) => (out += text) }, true);
    // protobuf leaves out empty lists, and peers what they do not have
    const bare = (value: unknown) => value as never;
    printer.card(bare({ name: 'Bare', supportedInterfaces: [] }));
    printer.event(bare({ task: { id: 't1', artifacts: [{ artifactId: 'a' }] } }));
    printer.event(
      bare({ statusUpdate: { taskId: 't1', status: { state: 'TASK_STATE_WORKING', message: {} } } }),
    );
    printer.event(bare({ artifactUpdate: { taskId: 't1', artifact: { artifactId: 'a' } } }));
    printer.event(bare({ message: { messageId: 'm' } }));
    printer.event(bare({ somethingNew: {} }));
    printer.listed(bare({ id: 't2', status: {} }));
    expect(out).toBe(
      ['Bare', 'streaming no, push no, extended card no', 'task t1', '[working]', 't2'].join('\n') + '\n',
    );
  });

  it('what an agent says does not steer it', async () => {
    await start();
    const { out } = await run(['send', app.url, 'a\u001b[2Jb\u0007\tc'], { isTerminal: true });
    expect(out).toContain('you said a\\x1b[2Jb\\x07\tc\n');
  });

  it('JSON can be asked for', async () => {
    await start();
    expect(parsed((await run(['card', app.url, '--json'], { isTerminal: true })).out)[0]).toMatchObject({
      name: 'Test',
    });
  });
});

describe('in a pipe', () => {
  it('every event is a line of JSON', async () => {
    await start();
    const events = parsed((await run(['stream', app.url, '-'], { input: 'from a file\n' })).out);
    expect(events.map((event) => Object.keys(event)[0])).toEqual([
      'task',
      'artifactUpdate',
      'artifactUpdate',
      'artifactUpdate',
      'statusUpdate',
    ]);
    expect(JSON.stringify(events)).toContain('from a file');
  });

  it('a list goes over pages, up to its limit', async () => {
    await start();
    for (let count = 0; count < 3; count++) await run(['send', app.url, 'hi', '--context', 'c']);
    await run(['send', app.url, 'hi']);
    expect(parsed((await run(['list', app.url])).out)).toHaveLength(4);
    expect(parsed((await run(['list', app.url, '--limit', '2'])).out)).toHaveLength(2);
    expect(parsed((await run(['list', app.url, '--context', 'c'])).out)).toHaveLength(3);
  });
});

describe('the exit code', () => {
  it('tells how the task stands', async () => {
    await start();
    expect((await run(['send', app.url, 'fail'])).code).toBe(3);
    const asked = await run(['stream', app.url, 'ask']);
    expect(asked.code).toBe(4);
    const { task } = parsed(asked.out)[0] as { task: { id: string } };
    expect((await run(['send', app.url, 'Ada', '--task', task.id])).code).toBe(0);
    expect((await run(['watch', app.url, task.id])).code).toBe(0);
    const refused = await run(['cancel', app.url, task.id]);
    expect(refused).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('-32002 TASK_NOT_CANCELABLE'),
    });
  });

  it('is 130 when interrupted, and the task goes on', async () => {
    await start();
    const control = new AbortController();
    const stopped = await run(['stream', app.url, 'slow'], {
      signal: control.signal,
      onOut: () => control.abort(new Error('interrupted')),
    });
    expect(stopped).toMatchObject({ code: 130, err: '\nInterrupted; a task that was started goes on\n' });
    const [task] = parsed((await run(['list', app.url])).out) as { id: string; status: { state: string } }[];
    expect(task?.status.state).toBe('TASK_STATE_SUBMITTED');
    const watching = run(['watch', app.url, task?.id ?? '']);
    expect((await run(['cancel', app.url, task?.id ?? ''])).code).toBe(0);
    expect((await watching).code).toBe(3);
  });

  it.each([
    [[], 'Which command'],
    [['dance', 'http://a.test'], 'No such command: dance'],
    [['card'], 'needs the URL'],
    [['send', 'http://a.test'], 'needs a text'],
    [['watch', 'http://a.test'], 'needs the id of a task'],
    [['list', 'http://a.test', 'x'], 'takes nothing after the URL'],
    [['card', 'http://a.test', '--nope'], '--nope'],
    [['card', 'http://a.test', '-H', 'no header'], 'Not a header'],
    [['list', 'http://a.test', '--limit', '0'], '--limit'],
  ])('of wrong usage is 2: %j', async (argv, why) => {
    await start();
    const { code, out, err } = await run(argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(why);
    expect(err).toContain('--help');
  });

  it.each([
    ['nonsense', 'Not a URL'],
    ['http://127.0.0.1:9/', 'could not be reached'],
  ])('of an address that is none is 1: %s', async (url, why) => {
    await start();
    expect(await run(['card', url])).toMatchObject({ code: 1, out: '', err: expect.stringContaining(why) });
  });

  it('of help is 0', async () => {
    await start();
    for (const argv of [['--help'], ['-h'], ['help'], ['card', '--help']]) {
      expect(await run(argv)).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringMatching(/^Usage: express-a2a/),
      });
    }
  });
});

it('headers and a token go with every request', async () => {
  await start();
  await run(['send', app.url, 'hi', '--bearer', 'ada']);
  expect(parsed((await run(['list', app.url, '-H', 'Authorization: Bearer ada'])).out)).toHaveLength(1);
  process.env['A2A_BEARER'] = 'ada';
  expect(parsed((await run(['list', app.url])).out)).toHaveLength(1);
  expect((await run(['list', app.url, '--bearer', 'eve'])).out).toBe('');
});
