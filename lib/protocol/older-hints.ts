import { type FieldViolation, InvalidParamsError, isA2AError } from './errors.ts';
import { isObject } from './protojson.ts';

const MOST = 20;

/**
 * The refusal of a call of 1.0, with a word on whatever in its parameters is another version's: A2A 0.3 is what most
 * tutorials show. Says how 1.0 spells it, and which header to send where `servesOlder`. Other errors come back as they are.
 */
export function explainOlder(
  error: unknown,
  call: { readonly method: string; readonly params: unknown },
  servesOlder: boolean,
): unknown {
  if (!isInvalidParams(error)) return error;
  const hints = new Map(hintsOf(call.method, call.params));
  if (hints.size === 0) return error;
  const end = servesOlder ? ', or the header A2A-Version: 0.3 with a call of A2A 0.3' : '';
  const explained = error.violations.map(({ field, description }) => {
    const hint = hints.get(field);
    hints.delete(field);
    return { field, description: hint === undefined ? description : `${description}: ${hint}${end}` };
  });
  // what 1.0 does not know it ignores (§5.7), so these are told only where the call is refused anyway
  const ignored = [...hints]
    .filter(([field]) => isIgnored(field))
    .map(([field, hint]): FieldViolation => ({ field, description: `is not known to A2A 1.0: ${hint}` }));
  return new InvalidParamsError([...explained, ...ignored].slice(0, MOST));
}

function isInvalidParams(error: unknown): error is InvalidParamsError {
  return isA2AError(error) && error instanceof InvalidParamsError;
}

function isIgnored(field: string): boolean {
  return field.endsWith('.blocking') || field.endsWith('.pushNotificationConfig');
}

type Hint = [field: string, hint: string];

const BY_ID = ['GetTask', 'CancelTask', 'SubscribeToTask'];

function hintsOf(method: string, params: unknown): Hint[] {
  if (!isObject(params)) return [];
  const { message, configuration, taskId, parts } = params;
  if (BY_ID.includes(method)) return taskId === undefined ? [] : [['id', 'send taskId under this name']];
  if (!method.startsWith('Send')) return [];
  const hints: Hint[] = [];
  if (message === undefined && parts !== undefined) hints.push(['message', 'put role and parts inside it']);
  if (isObject(message)) hints.push(...messageHints(message));
  if (isObject(configuration)) hints.push(...configurationHints(configuration));
  return hints;
}

function messageHints({ role, parts, content }: Record<string, unknown>): Hint[] {
  const hints: Hint[] = [];
  if (role === 'user') hints.push(['message.role', `"user" is A2A 0.3, send ROLE_USER`]);
  if (role === 'agent') hints.push(['message.role', `"agent" is A2A 0.3, clients send ROLE_USER`]);
  if (content !== undefined)
    hints.push(['message.parts', 'send parts: [{ "text": "…" }] in place of content']);
  if (!Array.isArray(parts)) return hints;
  // not more than can be told
  parts.slice(0, 1000).forEach((part: unknown, index) => {
    const hint = partHint(part);
    if (hint !== undefined) hints.push([`message.parts[${String(index)}]`, hint]);
  });
  return hints;
}

function partHint(part: unknown): string | undefined {
  if (typeof part === 'string') return 'send { "text": "…" }';
  if (!isObject(part)) return undefined;
  if (isObject(part['file']))
    return '"file" is A2A 0.3, send url, or raw in base64, with filename and mediaType';
  if (isObject(part['content']))
    return 'content is how a library keeps parts in memory, send { "text": "…" }';
  return part['kind'] === undefined ? undefined : '"kind" is A2A 0.3, here the one member tells the kind';
}

function configurationHints(configuration: Record<string, unknown>): Hint[] {
  const hints: Hint[] = [];
  if (configuration['blocking'] !== undefined) {
    const hint = '"blocking" is A2A 0.3, send returnImmediately with the opposite value';
    hints.push(['configuration.blocking', hint]);
  }
  if (configuration['pushNotificationConfig'] !== undefined) {
    const hint = '"pushNotificationConfig" is A2A 0.3, send taskPushNotificationConfig';
    hints.push(['configuration.pushNotificationConfig', hint]);
  }
  return hints;
}
