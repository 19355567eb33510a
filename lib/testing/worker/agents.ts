import type { Agent } from '../../core/output.ts';
import type { StorageCall } from '../faulty-storage.ts';

/** Streams five chunks, slowly enough that each is an append of its own; asks for more, once. */
export const streamer: Agent = async (turn) => {
  const stream = turn.stream({ artifactId: 'out' });
  for (const chunk of ['a', 'b', 'c', 'd', 'e']) await stream.append(chunk);
  await stream.end();
  if (turn.text === 'hello') await turn.requireInput('more?');
};

export const ender: Agent = (turn) => turn.complete('from the dead');

export const asker: Agent = (turn) => turn.requireInput('from the dead?');

/** The kinds of the entries of an append. */
export function kindsOf({ args }: StorageCall): string[] {
  const [, , entries] = args;
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown) =>
    typeof entry === 'object' && entry !== null && 'kind' in entry ? [String(entry.kind)] : [],
  );
}
