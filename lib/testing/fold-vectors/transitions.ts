import type { TaskState } from '../../protocol/v1.ts';
import type { EntryBody } from '../../core/log.ts';
import { HELLO, input, status, user, vector, type FoldVector } from './vector.ts';

const working = status('TASK_STATE_WORKING');
const completed = status('TASK_STATE_COMPLETED');
const failed = status('TASK_STATE_FAILED');
const canceled = status('TASK_STATE_CANCELED');
const rejected = status('TASK_STATE_REJECTED');
/** The run is over; at once too long for the client. */
const asks = status('TASK_STATE_INPUT_REQUIRED', { upTo: 1, pause: { timeoutMs: 0 } });
const asksAuth = status('TASK_STATE_AUTH_REQUIRED', { upTo: 1, pause: { timeoutMs: 0 } });
/** The run goes on. */
const waits = status('TASK_STATE_AUTH_REQUIRED', { upTo: 1 });
const cancel: EntryBody = { kind: 'cancel' };
const resume: EntryBody = { kind: 'resume', data: { token: 't' } };

function leadsTo(name: string, state: TaskState, ...bodies: EntryBody[]): FoldVector {
  const history = bodies.some(({ kind }) => kind === 'input') ? [HELLO, user('more')] : [HELLO];
  return vector(name, bodies, { status: { state }, history });
}

/** Every legal transition between states. */
export const transitionVectors: readonly FoldVector[] = [
  vector('a task that was only opened', [], { status: { state: 'TASK_STATE_SUBMITTED' } }),
  leadsTo('submitted to working', 'TASK_STATE_WORKING', working),
  leadsTo('submitted to input-required', 'TASK_STATE_INPUT_REQUIRED', asks),
  leadsTo('submitted to auth-required', 'TASK_STATE_AUTH_REQUIRED', asksAuth),
  leadsTo('submitted to auth-required with a run that waits', 'TASK_STATE_AUTH_REQUIRED', waits),
  leadsTo('submitted to completed', 'TASK_STATE_COMPLETED', completed),
  leadsTo('submitted to failed', 'TASK_STATE_FAILED', failed),
  leadsTo('submitted to canceled by its run', 'TASK_STATE_CANCELED', canceled),
  leadsTo('submitted to canceled by the server', 'TASK_STATE_CANCELED', cancel, canceled),
  leadsTo('submitted to rejected', 'TASK_STATE_REJECTED', rejected),
  leadsTo('working to working', 'TASK_STATE_WORKING', working, working),
  leadsTo('working to input-required', 'TASK_STATE_INPUT_REQUIRED', working, asks),
  leadsTo('working to auth-required', 'TASK_STATE_AUTH_REQUIRED', working, asksAuth),
  leadsTo('working to completed', 'TASK_STATE_COMPLETED', working, completed),
  leadsTo('working to failed', 'TASK_STATE_FAILED', working, failed),
  leadsTo('working to canceled', 'TASK_STATE_CANCELED', working, cancel, canceled),
  leadsTo(
    'working to completed though a cancel was wanted',
    'TASK_STATE_COMPLETED',
    working,
    cancel,
    completed,
  ),
  leadsTo('working to rejected', 'TASK_STATE_REJECTED', working, rejected),
  leadsTo('input-required to working by a message', 'TASK_STATE_WORKING', asks, input('more'), working),
  leadsTo(
    'input-required to working since a message came before',
    'TASK_STATE_WORKING',
    working,
    input('more'),
    asks,
    working,
  ),
  leadsTo('input-required to failed for lack of an answer', 'TASK_STATE_FAILED', asks, failed),
  leadsTo('input-required to canceled', 'TASK_STATE_CANCELED', asks, cancel, canceled),
  leadsTo('auth-required to working by a message', 'TASK_STATE_WORKING', asksAuth, input('more'), working),
  leadsTo('auth-required to working by a resume', 'TASK_STATE_WORKING', asksAuth, resume, working),
  leadsTo('auth-required to failed for lack of an answer', 'TASK_STATE_FAILED', asksAuth, failed),
  leadsTo('auth-required to canceled', 'TASK_STATE_CANCELED', asksAuth, cancel, canceled),
  leadsTo('a waiting run goes on by itself', 'TASK_STATE_WORKING', waits, working),
  leadsTo('a waiting run goes on by a message', 'TASK_STATE_WORKING', waits, input('more'), working),
  leadsTo('a waiting run goes on by a resume', 'TASK_STATE_WORKING', waits, resume, working),
  leadsTo('a waiting run asks again', 'TASK_STATE_AUTH_REQUIRED', waits, waits),
  leadsTo('a waiting run asks for input', 'TASK_STATE_INPUT_REQUIRED', waits, asks),
  leadsTo('a waiting run completes', 'TASK_STATE_COMPLETED', waits, completed),
  leadsTo('a waiting run fails', 'TASK_STATE_FAILED', waits, failed),
  leadsTo('a waiting run is canceled', 'TASK_STATE_CANCELED', waits, cancel, canceled),
  leadsTo('a waiting run rejects', 'TASK_STATE_REJECTED', waits, rejected),
];
