import { ConfigError } from '../core/config-error.ts';
import type { Metadata } from '../core/log.ts';

const MOST_BYTES = 16 * 1024;

/**
 * What option `caller` gave, as it will be on another machine. Throws a ConfigError for what JSON can not carry or
 * would change on the way, and for more than 16 KiB: it is stored with every message.
 */
export function checkCallerData(given: unknown): Metadata | undefined {
  if (given === undefined || given === null) return undefined;
  const json = typeof given === 'object' ? toJson(given) : undefined;
  const data: unknown = json === undefined ? undefined : JSON.parse(json);
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw wrong('gave something else than an object: give the few facts that the agent uses, by name');
  }
  const bytes = Buffer.byteLength(json ?? '');
  if (bytes > MOST_BYTES) {
    const size = `${String(bytes)} bytes of JSON, and ${String(MOST_BYTES)} are the most`;
    throw wrong(`gave ${size}: give the few facts that the agent uses, not the whole user or token`);
  }
  return data as Metadata; // an object, by the check above
}

function toJson(given: unknown): string | undefined {
  try {
    return JSON.stringify(given, (key: string, value: unknown) => {
      const lost = lostKind(value);
      if (lost !== undefined) throw wrong(`gave ${lost}, which JSON can not carry: leave out \`${key}\``);
      return value;
    });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw wrong(`gave what is no JSON (${error instanceof Error ? error.message : 'it can not be read'})`);
  }
}

function lostKind(value: unknown): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
    return `a ${typeof value}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return `the number ${String(value)}`;
  if (value instanceof Map || value instanceof Set) return 'a Map or Set';
  return undefined;
}

function wrong(why: string): ConfigError {
  return new ConfigError('ERR_A2A_CALLER', `Option \`caller\` ${why}`);
}
