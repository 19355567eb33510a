import type * as v1 from '../../protocol/v1.ts';
import { pick, pickFilled } from './fields.ts';
import { partToV03, partToV1 } from './part.ts';
import type { Artifact, Message } from './types.ts';

/** A message as 0.3 writes it: with its tag. */
export type TaggedMessage = Message & { kind: 'message' };

/** A message in the words of 1.0. */
export function messageToV1(message: Message): v1.Message {
  return {
    ...pick(message, 'messageId', 'contextId', 'taskId'),
    role: message.role === 'user' ? 'ROLE_USER' : 'ROLE_AGENT',
    parts: message.parts.map(partToV1),
    ...pick(message, 'metadata', 'extensions', 'referenceTaskIds'),
  };
}

/** A message in the words of 0.3. */
export function messageToV03(message: v1.Message): TaggedMessage {
  return {
    kind: 'message',
    messageId: message.messageId,
    role: message.role === 'ROLE_USER' ? 'user' : 'agent',
    parts: message.parts.map(partToV03),
    ...pickFilled(message, 'contextId', 'taskId', 'extensions', 'referenceTaskIds'),
    ...pick(message, 'metadata'),
  };
}

/** An artifact in the words of 1.0. */
export function artifactToV1(artifact: Artifact): v1.Artifact {
  return {
    ...pick(artifact, 'artifactId', 'name', 'description'),
    parts: artifact.parts.map(partToV1),
    ...pick(artifact, 'metadata', 'extensions'),
  };
}

/** An artifact in the words of 0.3. */
export function artifactToV03(artifact: v1.Artifact): Artifact {
  return {
    artifactId: artifact.artifactId,
    parts: artifact.parts.map(partToV03),
    ...pickFilled(artifact, 'name', 'description', 'extensions'),
    ...pick(artifact, 'metadata'),
  };
}
