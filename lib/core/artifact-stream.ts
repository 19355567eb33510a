import { draftArtifact, draftParts } from './draft.ts';
import type { ArtifactBody } from './log.ts';
import type { Chunk } from './output.ts';
import type { ArtifactDraft } from './turn.ts';

/** The chunks of one artifact: what each has to say, and when it is over. */
export interface ArtifactChunks {
  /** The entry for a chunk; undefined for an empty text, which says nothing. */
  readonly next: (content: Chunk) => ArtifactBody | undefined;
  /** The entry that ends the artifact; undefined when nothing was ever sent, or the end already was. */
  readonly last: (content?: Chunk) => ArtifactBody | undefined;
  readonly isOver: () => boolean;
}

/** Starts an artifact. Its first chunk replaces what an earlier attempt may have left (§3.5.2), the others are appended. */
export function artifactChunks(
  artifactId: string,
  head: Omit<ArtifactDraft, 'parts' | 'artifactId'>,
): ArtifactChunks {
  let begun = false;
  let over = false;
  let endsInText = false;

  function body(content: Chunk, lastChunk: boolean): ArtifactBody {
    const parts = draftParts(content);
    const append = begun;
    const artifact = append ? { artifactId, parts } : draftArtifact({ ...head, parts }, artifactId);
    const isText = typeof content === 'string';
    // text goes on where text was; a part that was given as an object stays as it is
    const joins = append && isText && (endsInText || content === '');
    begun = true;
    endsInText = isText;
    return { kind: 'artifact', artifact, append, lastChunk, ...(joins && { join: true }) };
  }

  return {
    next: (content) => (content === '' ? undefined : body(content, false)),
    last(content) {
      const ends = !over && (begun || (content !== undefined && content !== ''));
      const entry = ends ? body(content ?? '', true) : undefined;
      over = true;
      return entry;
    },
    isOver: () => over,
  };
}
