import { randomUUID } from 'node:crypto';
import type { Part, TaskState } from '../protocol/v1.ts';
import { draftMessage, messageText } from './draft.ts';
import { exposeError, type ExposedError } from './exposed-error.ts';
import type { Answers, RunError, StatusBody, TaskId } from './log.ts';
import { isTaskFailed, type TaskFailed } from './task-failed.ts';
import type { Draft } from './turn.ts';

/** What `onError` is told beside the error: the id that the client saw, and whose fault it was to fail. */
export interface ErrorInfo {
  readonly errorId: string;
  readonly taskId?: TaskId;
  readonly contextId?: string;
  /** The operation that failed, where it was one. */
  readonly method?: string;
}

/** The task a failure ends. */
export interface FailureContext {
  readonly taskId: TaskId;
  readonly contextId: string;
  readonly answers: Answers;
  /** Whether clients are shown what an agent threw. */
  readonly exposeErrors?: boolean;
}

/** The failures of one task: the statuses that end it on its agent's or on our behalf. */
export class Failures {
  readonly #context: FailureContext;

  constructor(context: FailureContext) {
    this.#context = context;
  }

  /** In words for the client. */
  say(draft: Draft, state: TaskState = 'TASK_STATE_FAILED'): StatusBody {
    const { contextId, taskId } = this.#context;
    const text = messageText(draftMessage(draft, contextId, taskId));
    return this.#status(state, draft, { code: -32603, text });
  }

  /** An agent threw: its words if it threw TaskFailed, else a neutral text with the error id. */
  thrown(error: unknown): { readonly body: StatusBody; readonly errorId?: string } {
    const words = isTaskFailed(error) ? this.#inWords(error) : undefined;
    if (words !== undefined) return { body: words };
    const errorId = randomUUID();
    const text = `The agent failed (error id ${errorId})`;
    const body =
      this.#context.exposeErrors === true
        ? this.#exposed(text, errorId, exposeError(error))
        : this.#status('TASK_STATE_FAILED', text, { code: -32603, id: errorId });
    return { body, errorId };
  }

  /** An agent did what `answers: 'message'` has no place for. */
  invalid(what: string): StatusBody {
    const text = `${what} can not be sent as an answer of this agent`;
    return this.#status('TASK_STATE_FAILED', text, { code: -32006 });
  }

  /** Where the task answers with a message, the front-end learns why from `error`. */
  #status(state: TaskState, draft: Draft, error: Omit<RunError, 'id'> & { id?: string }): StatusBody {
    const { contextId, taskId, answers } = this.#context;
    return {
      kind: 'status',
      state,
      message: draftMessage(draft, contextId, taskId),
      ...(answers === 'message' && { error: { ...error, id: error.id ?? randomUUID() } }),
    };
  }

  #exposed(neutral: string, id: string, { text, stack }: ExposedError): StatusBody {
    const said = `${neutral}: ${text}`;
    const parts: Part[] = [{ text: said }, { data: { errorId: id, stack } }];
    return this.#status('TASK_STATE_FAILED', parts, { code: -32603, id, text: said });
  }

  /** Undefined for what can not be said, such as data that is no JSON. */
  #inWords(error: TaskFailed): StatusBody | undefined {
    try {
      return this.say(failedParts(error));
    } catch {
      return undefined;
    }
  }
}

function failedParts({ message, code, data }: TaskFailed): Part[] {
  const details = { ...(code !== undefined && { code }), ...(data !== undefined && { data }) };
  const text: Part = { text: message };
  return Object.keys(details).length === 0 ? [text] : [text, { data: details }];
}
