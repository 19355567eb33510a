import { A2AClient } from '../client/client.ts';
import { isClientError } from '../client/errors.ts';
import { isA2AError } from '../protocol/errors.ts';
import { HELP, readArguments, UsageError } from './arguments.ts';
import { run } from './commands.ts';
import { createPrinter, printable } from './printer.ts';

/** What the command line runs on. */
export interface Terminal {
  readonly out: { write: (text: string) => unknown };
  readonly err: { write: (text: string) => unknown };
  readonly input: AsyncIterable<Uint8Array | string>;
  /** Whether somebody looks at `out`; else it gets JSON lines. */
  readonly isTerminal: boolean;
  /** Aborted when the user has had enough. */
  readonly signal: AbortSignal;
}

/** Runs the command line client. Resolves with the exit code; never rejects. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { out, err, signal } = terminal;
  try {
    const args = readArguments(argv, process.env);
    if (args === undefined) {
      out.write(HELP);
      return 0;
    }
    const printer = createPrinter(out, terminal.isTerminal && !args.isJson);
    const client = await A2AClient.connect(args.url, {
      headers: args.headers,
      signal,
      onBreak: ({ attempt, delayMs }) => {
        err.write(`The connection broke; attempt ${String(attempt)} in ${(delayMs / 1000).toFixed(1)} s\n`);
      },
    });
    return await run(client, args, printer, terminal.input);
  } catch (error) {
    if (signal.aborted) {
      err.write('\nInterrupted; a task that was started goes on\n');
      return 130;
    }
    err.write(`${explain(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function explain(error: unknown): string {
  if (error instanceof UsageError) return `${printable(error.message)}\nTry express-a2a --help`;
  if (isA2AError(error)) {
    const reason = error.reason === undefined ? '' : ` ${error.reason}`;
    return printable(`The agent answered with error ${String(error.code)}${reason}: ${error.message}`);
  }
  if (isClientError(error)) return printable(error.message);
  return printable(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
