import { createHash } from 'node:crypto';
import { StorageError } from '../core/storage.ts';
import type { RedisConnection } from './connection.ts';

type Argument = string | number;

/** Commands with a time limit. What fails is a StorageError `unavailable`, or `full` where the server has no memory left. */
export interface RedisCommands {
  readonly isReady: () => boolean;
  readonly send: (key: string, ...command: readonly string[]) => Promise<unknown>;
  /** Runs a script by its digest; a server that does not know it (any more) gets its text. */
  readonly run: (script: string, keys: readonly string[], ...args: readonly Argument[]) => Promise<unknown>;
}

export function redisCommands(connection: RedisConnection, timeoutMs: number): RedisCommands {
  const digests = new Map<string, string>();

  async function send(key: string, ...command: readonly string[]): Promise<unknown> {
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`Redis did not answer within ${String(timeoutMs)} ms`));
        // what waits for a connection is not sent later
        controller.abort();
      }, timeoutMs);
    });
    try {
      return await Promise.race([connection.send(key, command, controller.signal), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  function digestOf(script: string): string {
    const known = digests.get(script);
    if (known !== undefined) return known;
    const digest = createHash('sha1').update(script).digest('hex');
    digests.set(script, digest);
    return digest;
  }

  return {
    isReady: connection.isReady,
    send: (key, ...command) => send(key, ...command).catch(toStorageError),
    async run(script, keys, ...args) {
      const [key = ''] = keys;
      const given = [String(keys.length), ...keys, ...args.map(String)];
      try {
        return await send(key, 'EVALSHA', digestOf(script), ...given);
      } catch (error) {
        if (!isReply(error, 'NOSCRIPT')) return toStorageError(error);
        return await send(key, 'EVAL', script, ...given).catch(toStorageError);
      }
    },
  };
}

function toStorageError(error: unknown): never {
  const isFull = isReply(error, 'OOM') || (error instanceof Error && error.message.includes(' OOM '));
  const text = isFull ? 'Redis has no memory left' : 'Redis can not be reached, or refused a command';
  throw new StorageError(isFull ? 'full' : 'unavailable', text, { cause: error });
}

function isReply(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code);
}
