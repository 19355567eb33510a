import { timestampInUtc } from '../../protocol/formats.ts';
import type * as v1 from '../../protocol/v1.ts';
import { pick, pickFilled } from './fields.ts';
import { artifactToV03, artifactToV1, messageToV03, messageToV1 } from './message.ts';
import type { Task, TaskState, TaskStatus } from './types.ts';

const STATES = {
  TASK_STATE_SUBMITTED: 'submitted',
  TASK_STATE_WORKING: 'working',
  TASK_STATE_COMPLETED: 'completed',
  TASK_STATE_FAILED: 'failed',
  TASK_STATE_CANCELED: 'canceled',
  TASK_STATE_INPUT_REQUIRED: 'input-required',
  TASK_STATE_REJECTED: 'rejected',
  TASK_STATE_AUTH_REQUIRED: 'auth-required',
} as const satisfies Record<v1.TaskState, TaskState>;

const STATES_V1 = new Map<TaskState, v1.TaskState>(
  Object.entries(STATES).map(([state, older]) => [older, state as v1.TaskState]), // a key of STATES
);

/** The 0.3 name of a state; `unknown` for anything else. */
export function stateToV03(state: string | undefined): TaskState {
  return state !== undefined && Object.hasOwn(STATES, state) ? STATES[state as v1.TaskState] : 'unknown'; // a key
}

/** A task in the words of 1.0. The state `unknown` is an absent one, as ProtoJSON spells the unspecified state. */
export function taskToV1(task: Task): v1.Task {
  const { artifacts, history } = task;
  return {
    ...pick(task, 'id', 'contextId'),
    status: statusToV1(task.status),
    ...(artifacts && { artifacts: artifacts.map(artifactToV1) }),
    ...(history && { history: history.map(messageToV1) }),
    ...pick(task, 'metadata'),
  };
}

/** A task in the words of 0.3. */
export function taskToV03(task: v1.Task): Task {
  const { artifacts = [], history = [] } = task;
  return {
    kind: 'task',
    id: task.id,
    contextId: task.contextId ?? '',
    status: statusToV03(task.status),
    ...(artifacts.length > 0 && { artifacts: artifacts.map(artifactToV03) }),
    ...(history.length > 0 && { history: history.map(messageToV03) }),
    ...pick(task, 'metadata'),
  };
}

/** A status in the words of 1.0, its time in UTC; a time that can not be read is left out. */
export function statusToV1({ state, message, timestamp = '' }: TaskStatus): v1.TaskStatus {
  // clocks without an offset are taken for UTC
  const time = timestampInUtc(timestamp) ?? timestampInUtc(`${timestamp}Z`);
  const known = STATES_V1.get(state);
  const status: Partial<v1.TaskStatus> = {
    ...(known !== undefined && { state: known }),
    ...(message && { message: messageToV1(message) }),
    ...(time !== undefined && { timestamp: time }),
  };
  return status as v1.TaskStatus; // only the unspecified state is missing, see taskToV1
}

/** A status in the words of 0.3. */
export function statusToV03(status: v1.TaskStatus): TaskStatus {
  const { state, message } = status;
  return {
    state: stateToV03(state),
    ...(message && { message: messageToV03(message) }),
    ...pickFilled(status, 'timestamp'),
  };
}
