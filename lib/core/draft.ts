import { randomUUID } from 'node:crypto';
import type { Artifact, Message, Part } from '../protocol/v1.ts';
import { checkDefinition } from '../protocol/validate.ts';
import type { TaskId } from './log.ts';
import type { Chunk } from './output.ts';
import type { ArtifactDraft, Draft, TurnFile } from './turn.ts';

/** A Message of the agent out of what it wrote. Throws a TypeError that names the wrong field. */
export function draftMessage(draft: Draft, contextId: string, taskId?: TaskId): Message {
  const given: Partial<Omit<Message, 'parts'>> & { parts: readonly Part[] } = readDraft(draft);
  const message: Message = {
    ...given,
    messageId: given.messageId ?? randomUUID(),
    role: 'ROLE_AGENT',
    contextId,
    parts: [...given.parts],
  };
  delete message.taskId;
  if (taskId !== undefined) message.taskId = taskId;
  assertDefinition('Message', message, 'message');
  return message;
}

function readDraft(draft: Draft): Partial<Omit<Message, 'parts'>> & { parts: readonly Part[] } {
  if (typeof draft === 'string') return { parts: [{ text: draft }] };
  return 'parts' in draft ? draft : { parts: draft };
}

/** An Artifact out of what an agent wrote. Throws a TypeError that names the wrong field. */
export function draftArtifact(draft: ArtifactDraft, artifactId: string): Artifact {
  const artifact = { ...draft, artifactId, parts: [...draft.parts] };
  assertDefinition('Artifact', artifact, 'artifact');
  return artifact;
}

/** Parts out of a chunk. Throws a TypeError when a part is wrong or none is there. */
export function draftParts(content: Chunk): Part[] {
  if (typeof content === 'string') return [{ text: content }];
  const parts = isList(content) ? [...content] : [content];
  if (parts.length === 0) throw new TypeError('an artifact or message has at least one part');
  parts.forEach((part, index) => {
    assertDefinition('Part', part, `parts[${String(index)}]`);
  });
  return parts;
}

function isList(content: Part | readonly Part[]): content is readonly Part[] {
  return Array.isArray(content);
}

function assertDefinition(name: 'Message' | 'Artifact' | 'Part', value: unknown, root: string): void {
  const checked = checkDefinition(name, value);
  if (!('violations' in checked)) return;
  const [first] = checked.violations;
  const field = first === undefined || first.field === name ? '' : `.${first.field}`;
  throw new TypeError(`${root}${field} ${first?.description ?? 'is not valid'}`);
}

/** The text parts of a message, joined by line breaks. */
export function messageText(message: Message): string {
  return message.parts.flatMap((part) => (part.text === undefined ? [] : [part.text])).join('\n');
}

/** The values of the data parts of a message. */
export function messageData(message: Message): unknown[] {
  return message.parts.flatMap((part) => (part.data === undefined ? [] : [part.data]));
}

/** The raw and url parts of a message; bytes are decoded. */
export function messageFiles(message: Message): TurnFile[] {
  return message.parts.flatMap((part) => {
    const { filename: name, mediaType, raw, url } = part;
    if (raw === undefined && url === undefined) return [];
    return [
      {
        ...(name !== undefined && { name }),
        ...(mediaType !== undefined && { mediaType }),
        ...(raw !== undefined && { bytes: new Uint8Array(Buffer.from(raw, 'base64')) }),
        ...(url !== undefined && { url }),
      },
    ];
  });
}
