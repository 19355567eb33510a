import { isTerminal } from '../protocol/states.ts';
import type { AgentCard, Message, Part, StreamResponse, Task, TaskStatus } from '../protocol/v1.ts';

/** Shows what an agent says: to people as text, to programs as JSON lines. */
export interface Printer {
  readonly card: (card: AgentCard) => void;
  readonly task: (task: Task) => void;
  /** One line of a list. */
  readonly listed: (task: Task) => void;
  /** An answer, or an event of a stream, as it comes. */
  readonly event: (event: StreamResponse) => void;
  /** After the last event. */
  readonly end: () => void;
}

/** Makes the printer. */
export function createPrinter(out: { write: (text: string) => unknown }, isForPeople: boolean): Printer {
  return isForPeople ? forPeople(out) : jsonLines(out);
}

function jsonLines(out: { write: (text: string) => unknown }): Printer {
  const line = (value: unknown) => {
    out.write(`${JSON.stringify(value)}\n`);
  };
  return { card: line, task: line, listed: line, event: line, end: () => undefined };
}

function forPeople(out: { write: (text: string) => unknown }): Printer {
  let isLineStart = true;

  function write(text: string): void {
    if (text === '') return;
    const shown = printable(text);
    out.write(shown);
    isLineStart = shown.endsWith('\n');
  }
  function line(text: string): void {
    if (!isLineStart) write('\n');
    write(`${text}\n`);
  }
  function status({ state, message }: TaskStatus): void {
    line(`[${nameOf(state)}]${message === undefined ? '' : ` ${textOf(message.parts)}`}`);
  }
  function task(task: Task): void {
    line(`task ${task.id}`);
    for (const { name, parts } of task.artifacts ?? []) {
      if (name !== undefined) line(`# ${name}`);
      line(textOf(parts));
    }
    status(task.status);
  }
  function message({ parts }: Message): void {
    line(textOf(parts));
  }

  return {
    task,
    card(card) {
      line(`${card.name} ${card.version}\n${card.description}`);
      for (const { url, protocolBinding, protocolVersion } of card.supportedInterfaces) {
        line(`${protocolBinding} ${protocolVersion}  ${url}`);
      }
      const { streaming, pushNotifications, extendedAgentCard } = card.capabilities;
      line(
        `streaming ${yes(streaming)}, push ${yes(pushNotifications)}, extended card ${yes(extendedAgentCard)}`,
      );
      for (const { id, name, description } of card.skills) line(`- ${name} (${id}): ${description}`);
    },
    listed({ id, contextId, status: { state, timestamp } }) {
      line([timestamp ?? '', nameOf(state).padEnd(14), id, contextId ?? ''].join('  ').trim());
    },
    event(event) {
      if (event.task !== undefined) task(event.task);
      else if (event.message !== undefined) message(event.message);
      else if (event.statusUpdate !== undefined) status(event.statusUpdate.status);
      else write(textOf(event.artifactUpdate.artifact.parts));
    },
    end() {
      if (!isLineStart) write('\n');
    },
  };
}

function yes(value: boolean | undefined): string {
  return value === true ? 'yes' : 'no';
}

function nameOf(state: string): string {
  return state
    .replace(/^TASK_STATE_/, '')
    .toLowerCase()
    .replaceAll('_', ' ');
}

function textOf(parts: readonly Part[]): string {
  return parts
    .map((part) => {
      if (part.text !== undefined) return part.text;
      if (part.url !== undefined) return `<${part.url}>`;
      if (part.raw !== undefined) return `<file ${part.filename ?? part.mediaType ?? ''}>`;
      return JSON.stringify(part.data);
    })
    .join('');
}

/** Text from elsewhere must not steer the terminal: control characters are shown, not sent. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    if (character === '\n' || character === '\t') return character;
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** The exit code for how a task stands. */
export function exitCodeOf(state: Task['status']['state'] | undefined): number {
  if (state === undefined || state === 'TASK_STATE_COMPLETED') return 0;
  if (isTerminal(state)) return 3;
  return state === 'TASK_STATE_INPUT_REQUIRED' || state === 'TASK_STATE_AUTH_REQUIRED' ? 4 : 0;
}
