import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { Task } from '../../lib/protocol/v1.ts';
import { TIME } from '../helpers/calls.ts';
import type { Caller } from '../helpers/make-app.ts';
import type { Deployment, SetUp } from './deployment.ts';

/** What a case works with. */
export interface World {
  readonly deployment: Deployment;
  /** The two front-ends, called by a user whom no other case has. */
  readonly web: readonly [Caller, Caller];
  readonly user: string;
  /** Lets the agent pass this gate. */
  readonly go: (gate?: string) => void;
}

/** Starts the set-up for the cases of this block, and gives each of them a world of its own. */
export function useDeployment({ start }: SetUp): () => World {
  let deployment: Deployment | undefined;
  let count = 0;

  beforeAll(async () => {
    deployment = await start();
  }, 120_000);
  afterAll(async () => {
    await deployment?.close();
  });
  beforeEach(() => {
    count += 1;
  });
  return () => {
    if (deployment === undefined) throw new Error('the deployment has not been started');
    const user = `user-${String(count)}`;
    const { web, open } = deployment;
    return {
      ...{ deployment, user },
      web: [web[0].as(user), web[1].as(user)],
      go: (gate = 'go') => open(`${user} ${gate}`),
    };
  };
}

/** A task as it is before its run. */
export function submitted({ id, contextId }: Task, text: string): unknown {
  const message = { messageId: 'm1', role: 'ROLE_USER', parts: [{ text }], taskId: id, contextId };
  return { id, contextId, status: { state: 'TASK_STATE_SUBMITTED', timestamp: TIME }, history: [message] };
}
