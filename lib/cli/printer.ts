import { isTerminal } from '../protocol/states.ts';
import { capabilitiesOf } from '../client/capabilities.ts';
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
  function paragraph(text: string): void {
    if (text !== '') line(text);
  }
  function status({ state, message }: Partial<TaskStatus> = {}): void {
    if (state !== undefined) line(`[${nameOf(state)}] ${textOf(message?.parts)}`.trimEnd());
  }
  function task(task: Task): void {
    line(`task ${task.id}`);
    for (const { name, parts } of task.artifacts ?? []) {
      if (name !== undefined) line(`# ${name}`);
      paragraph(textOf(parts));
    }
    status(task.status);
  }
  function message({ parts }: Message): void {
    paragraph(textOf(parts));
  }

  return {
    task,
    card(given) {
      // peers leave out what they do not have
      const card: Partial<AgentCard> & Pick<AgentCard, 'supportedInterfaces'> = given;
      line([card.name, card.version].join(' ').trim());
      paragraph(card.description ?? '');
      for (const { url, protocolBinding, protocolVersion } of card.supportedInterfaces) {
        line(`${protocolBinding} ${protocolVersion}  ${url}`);
      }
      const { streaming, pushNotifications, extendedAgentCard } = capabilitiesOf(card);
      line(
        `streaming ${yes(streaming)}, push ${yes(pushNotifications)}, extended card ${yes(extendedAgentCard)}`,
      );
      for (const { id, name, description } of card.skills ?? []) line(`- ${name} (${id}): ${description}`);
    },
    listed({ id, contextId, status }) {
      const { timestamp = '', state } = status;
      line([timestamp, nameOf(state).padEnd(14), id, contextId ?? ''].join('  ').trim());
    },
    event(event) {
      if (event.task !== undefined) task(event.task);
      else if (event.message !== undefined) message(event.message);
      else if (event.statusUpdate !== undefined) status(event.statusUpdate.status);
      else write(chunkOf(event.artifactUpdate));
    },
    end() {
      if (!isLineStart) write('\n');
    },
  };
}

function yes(value: boolean | undefined): string {
  return value === true ? 'yes' : 'no';
}

function nameOf(state = ''): string {
  return state
    .replace(/^TASK_STATE_/, '')
    .toLowerCase()
    .replaceAll('_', ' ');
}

function textOf(parts: readonly Part[] = []): string {
  return parts
    .map((part) => {
      if (part.text !== undefined) return part.text;
      if (part.url !== undefined) return `<${part.url}>`;
      if (part.raw !== undefined) return `<file ${part.filename ?? part.mediaType ?? ''}>`;
      return JSON.stringify(part.data);
    })
    .join('');
}

/** Empty for an event of a kind that this version does not know. */
function chunkOf(update: StreamResponse['artifactUpdate']): string {
  return update === undefined ? '' : textOf(update.artifact.parts);
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
