import { describe } from '@jest/globals';
import { deploymentCases } from '../deployment/cases.ts';
import { redisDeployment } from '../deployment/processes.ts';
import { findRedis } from './server.ts';

const find = findRedis();

(find ? describe : describe.skip)('on Redis', () => {
  deploymentCases('two front-ends and two workers, each a process of its own', {
    start: async () => redisDeployment(await (find ?? missing)()),
  });
});

function missing(): never {
  throw new Error('there is no Redis');
}
