import type { Artifact, Definitions, Message, Part } from '../protocol/v1.ts';
import { checkDefinition } from '../protocol/validate.ts';
import type { Metadata, TaskId } from './log.ts';
import { newId } from './new-id.ts';
import type { Chunk } from './output.ts';
import type { ArtifactDraft, Draft, TurnFile } from './turn.ts';

/** A Message of the agent out of what it wrote. Throws a TypeError that names the wrong field. */
export function draftMessage(draft: Draft, contextId: string, taskId?: TaskId): Message {
  if (typeof draft === 'string') return textMessage(draft, contextId, taskId);
  const given = readDraft(draft);
  const messageId = 'messageId' in given ? given.messageId : undefined;
  const own = { messageId: messageId ?? newId(), role: 'ROLE_AGENT', contextId, taskId };
  // ids first, for people who read the wire
  return checked('Message', { ...own, ...given, ...own }, 'message');
}

/** A text needs no check: there is none that is wrong. */
function textMessage(text: string, contextId: string, taskId: TaskId | undefined): Message {
  const parts = [{ text }];
  const own = { messageId: newId(), role: 'ROLE_AGENT', contextId } as const;
  return taskId === undefined ? { ...own, parts } : { ...own, taskId, parts };
}

function readDraft(draft: Exclude<Draft, string>): Partial<Message> | { readonly parts: readonly Part[] } {
  // agents in JavaScript give what the types forbid
  const given: unknown = draft;
  if (typeof given !== 'object' || given === null)
    throw new TypeError('a message is a string, a list of parts, or an object with parts');
  return 'parts' in draft ? { ...draft, parts: [...draft.parts] } : { parts: draft };
}

/** An Artifact out of what an agent wrote. Throws a TypeError that names the wrong field. */
export function draftArtifact(draft: ArtifactDraft, artifactId: string): Artifact {
  const { artifactId: _, ...given } = draft;
  return checked('Artifact', { artifactId, ...given }, 'artifact');
}

/** Parts out of a chunk. Throws a TypeError when a part is wrong or none is there. */
export function draftParts(content: Chunk): Part[] {
  if (typeof content === 'string') return [{ text: content }];
  const parts = isList(content) ? content : [content];
  if (parts.length === 0) throw new TypeError('an artifact or message has at least one part');
  return parts.map((part, index) => checked('Part', part, `parts[${index}]`));
}

/** The metadata of a status. Throws a TypeError for what is not an object of JSON. */
export function draftMetadata(metadata: Metadata): Metadata {
  return checked('Part', { text: '', metadata }, 'status').metadata ?? {};
}

function isList(content: Part | readonly Part[]): content is readonly Part[] {
  return Array.isArray(content);
}

/** A copy, so that what the agent changes afterwards changes nothing. */
function checked<N extends 'Message' | 'Artifact' | 'Part'>(
  name: N,
  value: unknown,
  root: string,
): Definitions[N] {
  const result = checkDefinition(name, value);
  if ('value' in result) return result.value;
  const [first] = result.violations;
  const field = first === undefined || first.field === name ? '' : `.${first.field}`;
  throw new TypeError(`${root}${field} ${first?.description ?? 'is not valid'}`);
}

/** The text parts of a message, joined by line breaks. */
export function messageText(message: Message): string {
  let all: string | undefined;
  for (const { text } of message.parts) {
    if (text !== undefined) all = all === undefined ? text : `${all}\n${text}`;
  }
  return all ?? '';
}

/** The values of the data parts of a message. */
export function messageData(message: Message): unknown[] {
  return message.parts.map(({ data }) => data).filter((data) => data !== undefined);
}

/** Whether a message has raw or url parts. */
export function hasFiles({ parts }: Message): boolean {
  return parts.some(({ raw, url }) => raw !== undefined || url !== undefined);
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
