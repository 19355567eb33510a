import { parseArgs } from 'node:util';

const COMMANDS = ['card', 'send', 'stream', 'watch', 'cancel', 'list'] as const;

/** What the command line asks for. */
export interface Arguments {
  readonly command: (typeof COMMANDS)[number];
  readonly url: string;
  /** What follows the URL: a message, or the id of a task. */
  readonly rest: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isJson: boolean;
  readonly taskId: string | undefined;
  readonly contextId: string | undefined;
  readonly limit: number;
}

/** The command line can not be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const HELP = `Usage: express-a2a <command> <url> [...]

  card   <url>            show the agent card
  send   <url> <text...>  send a message and wait for the answer
  stream <url> <text...>  send a message and follow what becomes of it
  watch  <url> <task>     follow a task to its end
  cancel <url> <task>     ask the agent to stop
  list   <url>            list tasks, newest first

<url> is the address of the agent or of its card. A <text> of - is read from standard input.

  -H, --header 'Name: value'  send this header; may be given several times
      --bearer <token>        send Authorization: Bearer <token> (default: the variable A2A_BEARER)
      --task <id>             go on with this task (send, stream)
      --context <id>          in this context (send, stream, list)
      --limit <n>             list at most so many tasks (default 50)
      --json                  JSON lines on a terminal too; in a pipe they are the default
  -h, --help                  show this

Exit codes: 0 done, 1 the call failed, 2 wrong usage, 3 the task failed, was rejected or canceled,
4 the task waits for an answer, 130 interrupted (the task goes on).
`;

const OPTIONS = {
  header: { type: 'string', short: 'H', multiple: true },
  bearer: { type: 'string' },
  task: { type: 'string' },
  context: { type: 'string' },
  limit: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the command line; undefined when it asks for help. Throws a UsageError. */
export function readArguments(argv: readonly string[], env: NodeJS.ProcessEnv): Arguments | undefined {
  const { values, positionals } = parse(argv);
  const [command, url, ...rest] = positionals;
  if (values.help === true || command === 'help') return undefined;
  const known = COMMANDS.find((each) => each === command);
  if (command === undefined) throw new UsageError('Which command?');
  if (known === undefined)
    throw new UsageError(`No such command: ${command}. There are ${COMMANDS.join(', ')}`);
  if (url === undefined) throw new UsageError(`${command} needs the URL of the agent`);
  const isBare = known === 'card' || known === 'list';
  if (isBare && rest.length > 0)
    throw new UsageError(`${command} takes nothing after the URL: ${rest.join(' ')}`);
  if (!isBare && rest.length === 0) {
    const what = known === 'send' || known === 'stream' ? 'a text' : 'the id of a task';
    throw new UsageError(`${command} needs ${what} after the URL`);
  }
  return {
    ...{ command: known, url, rest: rest.join(' ') },
    headers: { ...bearer(values.bearer ?? env['A2A_BEARER']), ...readHeaders(values.header ?? []) },
    isJson: values.json === true,
    ...{ taskId: values.task, contextId: values.context },
    limit: readLimit(values.limit ?? '50'),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined || token === '' ? {} : { Authorization: `Bearer ${token}` };
}

function readHeaders(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined)
        throw new UsageError(`Not a header: ${line}. Write 'Name: value'`);
      return [name, value];
    }),
  );
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new UsageError(`--limit is a whole number above 0, not ${text}`);
}
