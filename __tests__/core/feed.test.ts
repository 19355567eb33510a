import { describe, expect, it } from '@jest/globals';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { feedSuite } from '../../lib/testing/feed-suite.ts';

feedSuite({ describe, it, expect }, () => memoryBackend());
