import type { Message, Task } from '../protocol/v1.ts';

/**
 * What an agent said in the end, as text: the text of a task's artifacts, or of its status message where there is none;
 * of a message, its text. Parts are joined by line breaks; other parts are left out.
 */
export function textOf(answer: Task | Message): string {
  if ('messageId' in answer) return joined([answer]);
  const { artifacts = [], status } = answer;
  const text = joined(artifacts);
  return text === '' && status.message !== undefined ? joined([status.message]) : text;
}

function joined(holders: readonly Pick<Message, 'parts'>[]): string {
  return holders
    .flatMap(({ parts }) => parts)
    .flatMap(({ text }) => text ?? [])
    .join('\n');
}
