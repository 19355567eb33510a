import { redisStorage } from 'express-a2a/redis';
import { describe } from '@jest/globals';
import { deploymentCases } from '../deployment/cases.ts';
import { redisDeployment } from '../deployment/processes.ts';
import { findRedis } from './server.ts';

const find = findRedis();
const client = { sendCommand: async () => {}, isReady: false } as unknown as Parameters<
  typeof redisStorage
>[0]['client']; // it is not called

(find ? describe : describe.skip)('on Redis', () => {
  deploymentCases('two front-ends and two workers, each a process of its own', {
    start: async () => redisDeployment(await (find ?? missing)()),
    hasWebhooks: redisStorage({ client }).push !== undefined,
  });
});

function missing(): never {
  throw new Error('there is no Redis');
}
