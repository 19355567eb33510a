import { expect, it } from '@jest/globals';
import { systemClock } from '../../lib/core/clock.ts';
import type { StreamResponse } from '../../lib/protocol/v1.ts';
import { sendText, stateOf } from '../helpers/calls.ts';
import { type Received, receiver } from '../helpers/receiver.ts';
import { seeded } from '../helpers/seeded.ts';
import { unreliable } from '../helpers/unreliable.ts';
import { verifies } from '../requirements.ts';
import type { World } from './world.ts';

const TASKS = 30;
const EVENTS = ['WORKING', '1', '2', '3', '4', '', 'COMPLETED'];

/** H15: webhooks, with receivers that do all that is wrong, and senders that are lost. */
export function webhookCases(world: () => World): void {
  it('H15: every event comes to its webhook at least once and in order', async () => {
    verifies('H15');
    const { web, deployment } = world();
    const taken = new Map<string, Received[]>();
    let isKind = false;
    const behave = unreliable(
      seeded(20_260_801),
      () => isKind,
      systemClock,
      (received) => {
        const [id = ''] = String(received.headers['a2a-notification-id']).split('/');
        taken.set(id, [...(taken.get(id) ?? []), received]);
      },
    );
    const hook = await receiver(behave);
    try {
      const senders = [await deployment.addSender(), await deployment.addSender()];
      const configuration = { taskPushNotificationConfig: { id: 'hook', url: hook.url } };
      const run = (index: number) => sendText(web[index % 2 ? 1 : 0], 'notify', {}, { configuration });
      const tasks = await Promise.all(Array.from({ length: TASKS }, (_, index) => run(index)));
      await hook.until((received) => received.length > TASKS);
      await senders[0]?.crash();
      await deployment.addSender();
      isKind = true;
      const isDone = ({ id }: { id: string }) =>
        taken.get(id)?.some(({ event }) => stateOf(event) === 'TASK_STATE_COMPLETED') ?? false;
      await hook.until(() => tasks.every(isDone));
      for (const { id } of tasks) {
        // each first coming is after all before it; what comes again is one that came before
        const firsts = new Map(
          (taken.get(id) ?? []).map(({ headers, event }) => [String(headers['a2a-notification-id']), event]),
        );
        expect([...firsts.values()].map(labelOf)).toEqual(EVENTS);
      }
      expect([...taken.values()].flat().length).toBeGreaterThan(TASKS * EVENTS.length);
    } finally {
      await hook.close();
    }
  }, 60_000);
}

function labelOf(event: StreamResponse): string | undefined {
  return stateOf(event)?.replace('TASK_STATE_', '') ?? event.artifactUpdate?.artifact.parts[0]?.text;
}
