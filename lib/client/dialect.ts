import { UnsupportedOperationError } from '../protocol/errors.ts';
import type { Methods, StreamResponse } from '../protocol/v1.ts';
import type { Version } from '../protocol/version.ts';

/** The words of a version of the protocol, translated from and to those of 1.0. */
export interface Dialect {
  readonly call: (
    method: keyof Methods,
    params: unknown,
  ) => { readonly method: string; readonly params: unknown };
  /** May throw anything for what is none. */
  readonly result: (method: keyof Methods, result: unknown) => unknown;
  readonly event: (event: unknown) => StreamResponse;
}

/** Loads a dialect: that of 0.3 is a file of its own, which clients of 1.0 never load. */
export async function loadDialect(version: Version): Promise<Dialect> {
  return version === '1.0' ? PLAIN : loadV03();
}

const PLAIN: Dialect = {
  call: (method, params) => ({ method, params }),
  result: (_, result) => result,
  // the agent's word: servers of this package check what they send
  event: (event) => event as StreamResponse,
};

/** The translators of 0.3. */
export const importV03 = () => import('../compat/v03/client.ts');

async function loadV03(): Promise<Dialect> {
  const { callToV03, resultToV1, eventToV1 } = await importV03();
  return {
    call(method, params) {
      // typed by the caller of the transport
      const call = callToV03(method, params as Methods[typeof method]['params']);
      if (call === undefined)
        throw new UnsupportedOperationError(`A2A 0.3, which this agent speaks, has no ${method}`);
      return call;
    },
    result: (method, result) => resultToV1(method as Parameters<typeof resultToV1>[0], result as never),
    event: (event) => eventToV1(event as Parameters<typeof eventToV1>[0]),
  };
}
