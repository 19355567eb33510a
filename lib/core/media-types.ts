import { ContentTypeNotSupportedError } from '../protocol/errors.ts';
import type { AgentCard, Message, Part } from '../protocol/v1.ts';

/** What the check must know of the card. */
export type InputModes = Pick<AgentCard, 'defaultInputModes' | 'skills'>;

/** Characters of a media type that are said back; what is longer is none (RFC 6838 §4.2). */
const MOST_SHOWN = 255;

/**
 * Makes the check that refuses messages with a part of a media type that neither the card nor a skill of it names
 * (§3.3.2). Parameters do not count; `*` in the card stands for anything.
 */
export function createInputCheck({ defaultInputModes, skills }: InputModes): (message: Message) => void {
  const declared = [...defaultInputModes, ...skills.flatMap(({ inputModes = [] }) => inputModes)];
  const modes = [...new Set(declared.map(essence))];
  const isTaken = (type: string) =>
    modes.some(
      (mode) =>
        mode === type ||
        mode === '*/*' ||
        mode === '*' ||
        (mode.endsWith('/*') && type.startsWith(mode.slice(0, -1))),
    );
  return ({ parts }) => {
    for (const [index, part] of parts.entries()) {
      const type = essence(typeOf(part));
      if (type === '' || isTaken(type)) continue;
      throw new ContentTypeNotSupportedError(
        `message.parts[${String(index)}] is ${type.slice(0, MOST_SHOWN)}; this agent takes ${modes.join(', ')}`,
      );
    }
  };
}

/** Bytes and URLs without a media type may be anything. */
function typeOf({ mediaType = '', text, data }: Part): string {
  if (mediaType !== '') return mediaType;
  if (text !== undefined) return 'text/plain';
  return data === undefined ? '' : 'application/json';
}

/** Type and subtype alone (RFC 9110 §8.3.1). */
function essence(mediaType: string): string {
  const [type = ''] = mediaType.split(';', 1);
  return type.trim().toLowerCase();
}
