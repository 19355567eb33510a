import { describe } from '@jest/globals';
import type { SetUp } from './deployment.ts';
import { readerCases } from './reader-cases.ts';
import { resumeCases } from './resume-cases.ts';
import { sendCases } from './send-cases.ts';
import { streamCases } from './stream-cases.ts';
import { webhookCases } from './webhook-cases.ts';
import { useDeployment } from './world.ts';

/** H1 to H15: what two front-ends and two workers do together, whatever the set-up. */
export function deploymentCases(name: string, setUp: SetUp): void {
  describe(name, () => {
    const world = useDeployment(setUp);
    streamCases(world);
    sendCases(world);
    resumeCases(world);
    readerCases(world);
    webhookCases(world);
  });
}
