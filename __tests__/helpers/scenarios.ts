import type { Agent } from '../../lib/core/output.ts';
import type { Backend, Scheduler } from '../../lib/testing/scheduler.ts';
import { chunk, LEASE_MS, pause, type Scenario, SCOPE, status, type World } from './world.ts';

/** Small programs in which everything that can race does, each with a few actors. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...readers(),
  ...leavers(),
  ...inputs(),
  ...cancels(),
  ...leases(),
  ...workers(),
};

function readers(): Record<string, Scenario> {
  const done = status('COMPLETED');
  return {
    'an entry comes while a client opens': ({ work, open }) => [work(chunk('a')), open()],
    'the end comes while a client opens': ({ work, open }) => [work(done), open()],
    'entries and the end come while a client opens': ({ work, open }) => [
      work(chunk('a'), chunk('b'), done),
      open(),
    ],
    'entries come one by one and together while two open': ({ work, open }) => [
      work(chunk('a'), [chunk('b'), chunk('c')], done),
      ...[open(), open()],
    ],
    'a client reads from the beginning while the task runs': ({ work, tail }) => [
      work(chunk('a'), done),
      tail(0),
    ],
    'clients go on after each entry while the task ends': ({ work, tail }) => [
      work(chunk('a'), done),
      ...[tail(1), tail(2), tail(3)],
    ],
    'messages and entries come from two processes': ({ work, say, open }) => [
      work(chunk('a'), chunk('b')),
      say('more'),
      open(),
    ],
    'a hint without entries overtakes another': (world) => [
      bare(world, 2),
      bare(world, 3),
      world.work(chunk('a'), done),
      world.open(),
    ],
    'a hint promises too much': (world) => [bare(world, 9), world.work(chunk('a')), world.open()],
    'hints are missed, and the bus tells so': (world) => [
      world.work(chunk('a')),
      world.open(),
      silently(world),
    ],
  };
}

function leavers(): Record<string, Scenario> {
  return {
    'one leaves while another comes': (world) => [world.work(chunk('a')), passing(world), world.open()],
    'all leave, and one comes back': (world) => [
      world.work(chunk('a'), status('COMPLETED')),
      passing(world),
      passing(world),
      world.open(),
    ],
    'one leaves while it opens': (world) => {
      const gone = new AbortController();
      const leave = async () => {
        await world.scheduler.step('client leaves');
        gone.abort();
      };
      return [world.work(chunk('a')), world.open(gone.signal), leave(), world.open()];
    },
  };
}

function inputs(): Record<string, Scenario> {
  return {
    'a message meets a pause': ({ work, say, open }) => [work(pause('INPUT_REQUIRED')), say('more'), open()],
    'two messages meet a pause': ({ work, say, open }) => [
      work(pause('INPUT_REQUIRED')),
      say('one'),
      say('two'),
      open(),
    ],
    'a message meets a pause, and two workers look': ({ work, say }) => [
      work(pause('INPUT_REQUIRED')),
      say('more'),
      work(chunk('a'), pause('INPUT_REQUIRED')),
    ],
    'a message meets the end': ({ work, say, open }) => [work(status('COMPLETED')), say('more'), open()],
    'the same message comes twice': ({ work, say, open }) => [
      work(pause('INPUT_REQUIRED')),
      say('more', 'm'),
      say('more', 'm'),
      open(),
    ],
    'a message meets a pause that has a deadline': ({ work, say, clock, scheduler }) => [
      ...[work(pause('INPUT_REQUIRED', 2000)), say('more')],
      scheduler.step('time passes').then(() => clock.advance(3000)),
      work(status('FAILED')),
    ],
    'a credential and a message come at once': ({ work, say, resume, open }) => [
      work(pause('AUTH_REQUIRED')),
      ...[resume({ token: 1 }), say('here'), open()],
    ],
    'a credential comes twice': ({ work, resume }) => [work(pause('AUTH_REQUIRED')), resume(1), resume(2)],
    'a credential comes while the run waits for it': ({ work, resume, open }) => [
      work(status('AUTH_REQUIRED', { upTo: 1 }), chunk('a'), status('COMPLETED')),
      ...[resume(1), open()],
    ],
  };
}

function cancels(): Record<string, Scenario> {
  return {
    'a cancel meets the first claim': ({ work, cancel, open }) => [work(chunk('a')), cancel(), open()],
    'a cancel meets a pause': ({ work, cancel, open }) => [work(pause('INPUT_REQUIRED')), cancel(), open()],
    'a cancel meets the end': ({ work, cancel, open }) => [
      work(chunk('a'), status('COMPLETED')),
      cancel(),
      open(),
    ],
    'two cancels meet': ({ work, cancel, open }) => [work(chunk('a')), cancel(), cancel(), open()],
    'a message, a pause and a cancel meet': ({ work, say, cancel, open }) => [
      work(pause('INPUT_REQUIRED')),
      say('more'),
      cancel(),
      open(),
    ],
    'a message and a cancel meet where nothing runs': ({ say, cancel, open }) => [
      say('more'),
      cancel(),
      open(),
    ],
    'a cancel meets a credential': ({ work, resume, cancel, open }) => [
      work(pause('AUTH_REQUIRED')),
      ...[resume(1), cancel(), open()],
    ],
    'after a cancel that the runner does not heed, the next worker ends the task': ({
      work,
      cancel,
      clock,
      scheduler,
      open,
    }) => [
      ...[work(chunk('a')), cancel(2000), open()],
      scheduler.step('the grace passes').then(() => clock.advance(2000)),
      work(chunk('never seen'), status('COMPLETED')),
    ],
  };
}

function leases(): Record<string, Scenario> {
  return {
    'two workers claim': ({ work, open }) => [
      work(chunk('a'), status('COMPLETED')),
      work(chunk('b'), status('FAILED')),
      open(),
    ],
    'a worker is thought dead, and another takes over': ({ work, clock, scheduler, open }) => [
      work(chunk('a'), chunk('b'), status('COMPLETED')),
      scheduler.step('the lease ends').then(() => clock.advance(LEASE_MS + 1)),
      ...[work(chunk('c'), status('COMPLETED')), open()],
    ],
    'a worker gives back while a message comes': (world) => [
      givingBack(world),
      world.say('more'),
      world.work(pause('INPUT_REQUIRED')),
      world.open(),
    ],
    'a worker renews while a cancel comes': (world) => [renewing(world), world.cancel(1000), world.open()],
    'an append is repeated while a cancel comes': (world) => [repeating(world), world.cancel(), world.open()],
  };
}

/** With the real worker, which hears of work and of messages by hints that come in any order, or by its polls. */
function workers(): Record<string, Scenario> {
  const answer = () => 'done';
  const asks: Agent = async (turn) => {
    const isAnswered = (turn.task.history ?? []).some(({ messageId }) => messageId.startsWith('say-'));
    if (!isAnswered) await turn.requireInput('which?');
  };
  const untilTold: Agent = (turn) =>
    new Promise((resolve) => {
      turn.signal.addEventListener('abort', () => {
        resolve();
      });
    });
  return {
    'a real worker starts while a client opens': ({ employ, open, ended }) => [
      employ(answer),
      open(),
      ended(),
    ],
    'two real workers look for one task, and are told of it twice': (world) => [
      ...[world.employ(answer), world.employ(answer), told(world), told(world), world.ended()],
    ],
    'a message meets a real worker that asks': ({ employ, say, open, ended }) => [
      ...[employ(asks), say('Paris'), open(), ended()],
    ],
    'a message meets the end of a real worker': ({ employ, say, ended }) => [
      employ(answer),
      say('wait'),
      ended(),
    ],
    'a cancel meets a real worker': ({ employ, cancel, open, ended }) => [
      ...[employ(untilTold), cancel(), open(), ended()],
    ],
    'a cancel meets a real worker that asks, and a message': ({ employ, say, cancel, ended }) => [
      ...[employ(asks), say('Paris'), cancel(), ended()],
    ],
    'a credential meets a real worker that waits for it': ({
      employ,
      resume,
      scheduler,
      raw,
      taskId,
      ended,
    }) => [
      employ(async (turn) => JSON.stringify(await turn.requireAuth('sign in', { wait: true }))),
      untilAsked(scheduler, raw, taskId).then(() => resume({ token: 1 })),
      ended(),
    ],
    'a worker is stopped while another starts': ({ employ, scheduler, ended }) => [
      employ(untilTold).then(async (worker) => {
        await scheduler.step('deploy');
        await worker.stop();
        await employ(answer);
      }),
      ended(),
    ],
  };
}

/** Somebody rings, whether there is news or not. */
async function told({ backend, taskId, scheduler }: World): Promise<void> {
  await scheduler.step('somebody rings');
  await backend.broker.wake({ agent: SCOPE.agent, taskId });
}

async function untilAsked(scheduler: Scheduler, { storage }: Backend, taskId: string): Promise<void> {
  for (;;) {
    await scheduler.step('application looks');
    const snapshot = await storage.loadTask(taskId);
    if (snapshot?.task.status.state === 'TASK_STATE_AUTH_REQUIRED') return;
  }
}

async function bare({ backend, taskId, scheduler }: World, head: number): Promise<void> {
  await scheduler.step('a bare hint leaves');
  await backend.eventBus.publish({ taskId, head, closed: false });
}

/** Somebody writes whose hints are lost. */
async function silently({ backend, taskId, scheduler }: World): Promise<void> {
  await scheduler.step('a message comes unheard');
  const message = {
    messageId: 'unheard',
    role: 'ROLE_USER',
    parts: [{ text: '…' }],
    taskId,
    contextId: 'context',
  } as const;
  await backend.storage.addInput(SCOPE, taskId, {
    message: { ...message, parts: [...message.parts] },
    request: {},
  });
}

/** A client that comes and soon leaves. */
async function passing(world: World): Promise<void> {
  const gone = new AbortController();
  await world.tail(0, gone.signal);
  await world.scheduler.step('client leaves');
  gone.abort();
}

async function givingBack({ backend: { storage }, taskId, scheduler }: World): Promise<void> {
  await scheduler.step('worker begins');
  const [claimed] = await storage.claim({
    worker: 'g',
    agent: SCOPE.agent,
    limit: 1,
    leaseMs: LEASE_MS,
    taskId,
  });
  if (claimed !== undefined) await storage.release(claimed.lease, 0, true);
}

async function renewing({ backend: { storage }, taskId, scheduler }: World): Promise<void> {
  await scheduler.step('worker begins');
  const [claimed] = await storage.claim({
    worker: 'r',
    agent: SCOPE.agent,
    limit: 1,
    leaseMs: LEASE_MS,
    taskId,
  });
  if (claimed === undefined) return;
  let isCancelled = claimed.cancelRequested;
  for (let n = 0; n < 3; n += 1) {
    const renewed = await storage.renew(claimed.lease, LEASE_MS);
    if (!renewed.ok) throw new Error('The lease was lost to nobody');
    // what has been said once stays said, and then no renewal reaches past the grace
    if (isCancelled && !renewed.cancelRequested) throw new Error('A cancel was forgotten');
    isCancelled = renewed.cancelRequested;
    if (isCancelled && renewed.leftMs > 1000)
      throw new Error(`A renewal gave ${renewed.leftMs} ms after a cancel`);
  }
}

/** A worker whose answers get lost: it repeats every append. */
async function repeating({ backend: { storage, eventBus }, taskId, scheduler }: World): Promise<void> {
  await scheduler.step('worker begins');
  const [claimed] = await storage.claim({
    worker: 'd',
    agent: SCOPE.agent,
    limit: 1,
    leaseMs: LEASE_MS,
    taskId,
  });
  if (claimed === undefined) return;
  for (const [n, body] of [chunk('a'), chunk('b'), status('COMPLETED')].entries()) {
    const first = await storage.append(claimed.lease, n + 1, [body]);
    const second = await storage.append(claimed.lease, n + 1, [body]);
    if (!first.ok) throw new Error(`Refused: ${first.reason}`);
    if (!second.ok || second.duplicate !== true || second.seq !== first.seq)
      throw new Error('A repeated append was not recognised');
    await eventBus.publish({ taskId, head: first.seq, closed: first.closed, entries: first.entries });
  }
}
