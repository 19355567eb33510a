import { describe, expect, it } from '@jest/globals';
import { createMemoryBroker } from '../../lib/memory/broker.ts';
import { brokerSuite } from '../../lib/testing/broker-suite.ts';

brokerSuite({ describe, it, expect }, createMemoryBroker);
