import type { A2AError } from '../protocol/errors.ts';

/** Headers by name; a list becomes several lines. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A whole answer; its type is `application/json` where the headers name no other. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: string;
  /** Why the call failed, where it did. */
  readonly error?: A2AError;
}
