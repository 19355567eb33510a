import { inspect } from 'node:util';
import type { ErrorDetail } from '../protocol/errors.ts';
import { ConfigError } from './config-error.ts';

const MOST_LINES = 60;
const LONGEST = 2000;

/** What `exposeErrors` shows of an error to the developer who calls. */
export interface ExposedError {
  readonly text: string;
  /** The stack and the causes, line by line. */
  readonly stack: readonly string[];
}

/** Reads an error for its developer. Whatever was thrown, this does not throw. */
export function exposeError(error: unknown): ExposedError {
  try {
    const text = error instanceof Error ? error.message : inspect(error, { depth: 1 });
    const lines = inspect(error, { depth: 3 }).split('\n', MOST_LINES);
    return { text: text.slice(0, LONGEST), stack: lines.map((line) => line.slice(0, LONGEST)) };
  } catch {
    return { text: 'the error can not be shown', stack: [] };
  }
}

/** The same as an entry of `error.data`. */
export function debugInfo({ text, stack }: ExposedError): ErrorDetail {
  return { '@type': 'type.googleapis.com/google.rpc.DebugInfo', stackEntries: stack, detail: text };
}

/** Reads the option. Throws a ConfigError in production, where stacks and connection strings are nobody's business. */
export function readExposeErrors(given: unknown = false): boolean {
  if (typeof given !== 'boolean')
    throw new ConfigError('ERR_A2A_OPTIONS', 'Option `exposeErrors` must be true or false');
  if (!given || process.env['NODE_ENV'] !== 'production') return given;
  throw new ConfigError(
    'ERR_A2A_EXPOSE_ERRORS',
    "Option `exposeErrors` shows texts and stacks of errors to clients, and NODE_ENV is production: leave it out there, such as `exposeErrors: process.env.NODE_ENV !== 'production'`",
  );
}
