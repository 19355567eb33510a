import { artifactVectors, joinVectors } from './fold-vectors/artifacts.ts';
import { historyVectors } from './fold-vectors/history.ts';
import { transitionVectors } from './fold-vectors/transitions.ts';
import type { FoldVector } from './fold-vectors/vector.ts';

export type { FoldVector } from './fold-vectors/vector.ts';

/** Golden logs: every transition between states, what becomes of messages and metadata, and every way an artifact grows. */
export const foldVectors: readonly FoldVector[] = [
  ...transitionVectors,
  ...historyVectors,
  ...artifactVectors,
  ...joinVectors,
];
