import type { Artifact, Part } from '../../protocol/v1.ts';
import type { EntryBody } from '../../core/log.ts';
import { added, joined, vector, whole, type FoldVector } from './vector.ts';

const text = (value: string): Part => ({ text: value });
const of = (artifactId: string, ...texts: string[]): Artifact => ({ artifactId, parts: texts.map(text) });

function makes(name: string, bodies: readonly EntryBody[], ...artifacts: Artifact[]): FoldVector {
  return vector(name, bodies, { status: { state: 'TASK_STATE_SUBMITTED' }, artifacts });
}

/** Artifacts that come whole, are replaced, or grow by parts. */
export const artifactVectors: readonly FoldVector[] = [
  makes('one artifact', [whole(of('x', 'a'))], of('x', 'a')),
  makes(
    'artifacts stand in the order in which they came',
    [whole(of('z', 'a')), whole(of('x', 'b')), whole(of('y', 'c'))],
    of('z', 'a'),
    of('x', 'b'),
    of('y', 'c'),
  ),
  makes(
    'an artifact that is replaced keeps its place',
    [whole(of('x', 'a')), whole(of('y', 'b')), whole(of('z', 'c')), whole(of('y', 'new'))],
    of('x', 'a'),
    of('y', 'new'),
    of('z', 'c'),
  ),
  makes(
    'nothing of a replaced artifact is left',
    [
      whole({ ...of('x', 'a', 'b'), name: 'n', description: 'd', metadata: { m: 1 }, extensions: ['e'] }),
      whole(of('x', 'c')),
    ],
    of('x', 'c'),
  ),
  makes(
    'parts are added',
    [whole(of('x', 'a')), added(of('x', 'b', 'c')), added(of('x', 'd'))],
    of('x', 'a', 'b', 'c', 'd'),
  ),
  makes('equal parts are added all the same', [whole(of('x', 'a')), added(of('x', 'a'))], of('x', 'a', 'a')),
  makes(
    'parts for an unknown artifact begin it',
    [added(of('x', 'a')), added(of('x', 'b'))],
    of('x', 'a', 'b'),
  ),
  makes(
    'parts of all kinds are added',
    [
      whole({ artifactId: 'x', parts: [{ data: { a: [null] } }] }),
      added({
        artifactId: 'x',
        parts: [
          { raw: 'AAEC', filename: 'f.bin' },
          { url: 'https://example.org/' },
          { data: null },
          text(''),
        ],
      }),
    ],
    {
      artifactId: 'x',
      parts: [
        { data: { a: [null] } },
        { raw: 'AAEC', filename: 'f.bin' },
        { url: 'https://example.org/' },
        { data: null },
        text(''),
      ],
    },
  ),
  makes(
    'name and description are overwritten where given',
    [
      whole({ ...of('x', 'a'), name: 'n', description: 'd' }),
      added({ ...of('x', 'b'), name: 'N' }),
      added({ ...of('x', 'c'), description: '' }),
    ],
    { ...of('x', 'a', 'b', 'c'), name: 'N', description: '' },
  ),
  makes(
    'name and description may come later',
    [whole(of('x', 'a')), added({ ...of('x', 'b'), name: 'n', description: 'd' })],
    { ...of('x', 'a', 'b'), name: 'n', description: 'd' },
  ),
  makes(
    'extensions are united, in the order in which they came',
    [
      whole({ ...of('x', 'a'), extensions: ['e', 'f'] }),
      added({ ...of('x', 'b'), extensions: ['g', 'e'] }),
      added(of('x', 'c')),
    ],
    { ...of('x', 'a', 'b', 'c'), extensions: ['e', 'f', 'g'] },
  ),
  makes(
    'extensions may come later',
    [whole(of('x', 'a')), added({ ...of('x', 'b'), extensions: ['e', 'e'] })],
    { ...of('x', 'a', 'b'), extensions: ['e'] },
  ),
  makes(
    'metadata of an artifact is merged key by key',
    [
      whole({ ...of('x', 'a'), metadata: { a: 1, b: { c: 1 } } }),
      added({ ...of('x', 'b'), metadata: { b: { d: 2 }, e: null } }),
    ],
    { ...of('x', 'a', 'b'), metadata: { a: 1, b: { d: 2 }, e: null } },
  ),
  makes(
    'metadata of an artifact may come later',
    [whole(of('x', 'a')), added({ ...of('x', 'b'), metadata: { a: 1 } })],
    { ...of('x', 'a', 'b'), metadata: { a: 1 } },
  ),
  makes(
    'the last chunk only adds what it has',
    [whole(of('x', 'a')), { ...added(of('x', 'b')), lastChunk: true }],
    of('x', 'a', 'b'),
  ),
  makes(
    'chunks after the last one are added, too',
    [whole(of('x', 'a')), { ...added(of('x', 'b')), lastChunk: true }, added(of('x', 'c'))],
    of('x', 'a', 'b', 'c'),
  ),
  makes(
    'an artifact may begin anew after its last chunk',
    [
      whole(of('x', 'a')),
      { ...added(of('x', 'b')), lastChunk: true },
      whole(of('x', 'c')),
      added(of('x', 'd')),
    ],
    of('x', 'c', 'd'),
  ),
  makes(
    'artifacts grow side by side',
    [whole(of('x', 'a')), whole(of('y', 'b')), added(of('x', 'c')), added(of('y', 'd')), added(of('x', 'e'))],
    of('x', 'a', 'c', 'e'),
    of('y', 'b', 'd'),
  ),
  makes(
    'ids that differ only in case or space are different',
    [whole(of('x', 'a')), added(of('X', 'b')), added(of('x ', 'c'))],
    of('x', 'a'),
    of('X', 'b'),
    of('x ', 'c'),
  ),
  makes(
    'ids that every object has are ids like any other',
    [whole(of('constructor', 'a')), added(of('__proto__', 'b')), added(of('__proto__', 'c'))],
    of('constructor', 'a'),
    of('__proto__', 'b', 'c'),
  ),
];

/** Artifacts that are streams of text. */
export const joinVectors: readonly FoldVector[] = [
  makes(
    'text is joined to the last part',
    [whole(of('x', 'a')), joined('x', text('b')), joined('x', text('c'))],
    of('x', 'abc'),
  ),
  makes(
    'text for an unknown artifact begins it',
    [joined('x', text('a')), joined('x', text('b'))],
    of('x', 'ab'),
  ),
  makes(
    'an empty text at the end adds nothing',
    [whole(of('x', 'a')), { ...joined('x', text('')), lastChunk: true }],
    of('x', 'a'),
  ),
  makes(
    'an empty text in between adds nothing',
    [whole(of('x', 'a')), joined('x', text('')), joined('x', text('b'))],
    of('x', 'ab'),
  ),
  makes(
    'an empty text at the beginning is a part',
    [whole(of('x', '')), joined('x', text('a'))],
    of('x', 'a'),
  ),
  makes(
    'an empty text after a part that is not text adds nothing',
    [whole({ artifactId: 'x', parts: [{ data: 1 }] }), { ...joined('x', text('')), lastChunk: true }],
    { artifactId: 'x', parts: [{ data: 1 }] },
  ),
  makes(
    'text after data is a new part',
    [whole({ artifactId: 'x', parts: [{ data: 1 }] }), joined('x', text('a')), joined('x', text('b'))],
    { artifactId: 'x', parts: [{ data: 1 }, text('ab')] },
  ),
  makes(
    'text after a file is a new part',
    [whole({ artifactId: 'x', parts: [{ raw: 'AA==' }] }), joined('x', text('a'))],
    { artifactId: 'x', parts: [{ raw: 'AA==' }, text('a')] },
  ),
  makes(
    'text after text with metadata is a new part',
    [whole({ artifactId: 'x', parts: [{ text: 'a', metadata: {} }] }), joined('x', text('b'))],
    { artifactId: 'x', parts: [{ text: 'a', metadata: {} }, text('b')] },
  ),
  makes(
    'text after text with a media type is a new part',
    [whole({ artifactId: 'x', parts: [{ text: 'a', mediaType: 'text/markdown' }] }), joined('x', text('b'))],
    { artifactId: 'x', parts: [{ text: 'a', mediaType: 'text/markdown' }, text('b')] },
  ),
  makes(
    'text after text with a file name is a new part',
    [whole({ artifactId: 'x', parts: [{ text: 'a', filename: 'f' }] }), joined('x', text('b'))],
    { artifactId: 'x', parts: [{ text: 'a', filename: 'f' }, text('b')] },
  ),
  makes(
    'text with metadata is never joined',
    [whole(of('x', 'a')), joined('x', { text: 'b', metadata: { m: 1 } })],
    { artifactId: 'x', parts: [text('a'), { text: 'b', metadata: { m: 1 } }] },
  ),
  makes(
    'of several parts the first is joined',
    [whole(of('x', 'a')), joined('x', text('b'), text('c')), joined('x', text('d'))],
    of('x', 'ab', 'cd'),
  ),
  makes(
    'text that was added as a part is a part, and the last one',
    [whole(of('x', 'a')), added(of('x', 'b')), joined('x', text('c'))],
    of('x', 'a', 'bc'),
  ),
  makes(
    'a part that is added after joined text is a part',
    [whole(of('x', 'a')), joined('x', text('b')), added(of('x', 'c'))],
    of('x', 'ab', 'c'),
  ),
  makes(
    'what was joined is replaced with the rest',
    [whole(of('x', 'a')), joined('x', text('b')), whole(of('x', 'c')), joined('x', text('d'))],
    of('x', 'cd'),
  ),
  makes(
    'two streams grow side by side',
    [
      whole(of('x', 'a')),
      whole(of('y', '1')),
      joined('x', text('b')),
      joined('y', text('2')),
      joined('x', text('c')),
    ],
    of('x', 'abc'),
    of('y', '12'),
  ),
  makes(
    'a joined chunk brings its name and metadata as well',
    [
      whole({ ...of('x', 'a'), name: 'n' }),
      { ...joined('x', text('b')), artifact: { ...of('x', 'b'), name: 'N', metadata: { m: 1 } } },
    ],
    { ...of('x', 'ab'), name: 'N', metadata: { m: 1 } },
  ),
  makes(
    'five hundred chunks are one part',
    Array.from({ length: 500 }, (_, n) => joined('x', text(`${String(n)} `))),
    of('x', Array.from({ length: 500 }, (_, n) => `${String(n)} `).join('')),
  ),
];
