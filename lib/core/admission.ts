import {
  ExtensionSupportRequiredError,
  type FieldViolation,
  InvalidParamsError,
  PushNotificationNotSupportedError,
  UnauthenticatedError,
  UnsupportedOperationError,
} from '../protocol/errors.ts';
import { parseUrl } from '../protocol/url.ts';
import type { AgentCard, Message, Methods, SecurityScheme } from '../protocol/v1.ts';
import { checkV1 } from '../protocol/validate.ts';
import type { Method } from './call.ts';

/** What admission must know of the card. */
export type AdmissionCard = Pick<
  AgentCard,
  'name' | 'capabilities' | 'securityRequirements' | 'securitySchemes'
>;

/** Turns an anonymous caller away where the card declares that one has to authenticate (§7.4). */
export function admitOwner(card: AdmissionCard, owner: string | null): void {
  if (requiresOwner(card)) demandOwner(card, owner);
}

/** Turns an anonymous caller away, with the challenges of the card. */
export function demandOwner(card: AdmissionCard, owner: string | null): void {
  if (owner === null) throw new UnauthenticatedError(challengesOf(card));
}

/** Whether the card declares that callers have to authenticate: no way that it names is an empty one. */
export function requiresOwner({ securityRequirements: required = [] }: AdmissionCard): boolean {
  return required.length > 0 && required.every(({ schemes = {} }) => Object.keys(schemes).length > 0);
}

/** A challenge for each scheme of the card that HTTP has a name for, and one at least (RFC 9110 §11.6.1). */
export function challengesOf({ securitySchemes = {} }: AdmissionCard): readonly string[] {
  const challenges = new Set(Object.values(securitySchemes).flatMap(challenge));
  return challenges.size > 0 ? [...challenges] : ['A2A realm="agent"'];
}

function challenge(scheme: SecurityScheme): string[] {
  // a client certificate is asked for below HTTP
  if (scheme.mtlsSecurityScheme) return [];
  if (scheme.apiKeySecurityScheme) {
    const { location, name } = scheme.apiKeySecurityScheme;
    return [`ApiKey in="${quotable(location)}", name="${quotable(name)}"`];
  }
  const name = scheme.httpAuthSecurityScheme?.scheme ?? 'Bearer';
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return [];
  // RFC 7617 wants a realm
  return [/^basic$/i.test(name) ? 'Basic realm="agent", charset="UTF-8"' : name];
}

function quotable(text: string): string {
  return text.replace(/[^\x20-\x7e]|["\\]/g, '');
}

/** Turns a client away that did not name an extension which the card requires (§4.6.1). */
export function admitExtensions(card: AdmissionCard, requested: readonly string[]): void {
  const { extensions } = card.capabilities;
  if (extensions === undefined) return;
  const missing: string[] = [];
  for (const { uri, required } of extensions) {
    if (required === true && uri !== undefined && !requested.includes(uri)) missing.push(uri);
  }
  if (missing.length > 0) throw new ExtensionSupportRequiredError(missing);
}

/** Refuses what the card does not declare (§3.3.4). */
export function admitCapability(
  card: AdmissionCard,
  method: Method,
  params: unknown,
  hasWebhook: (params: unknown) => boolean = hasInlinePush,
): void {
  const { streaming, pushNotifications, extendedAgentCard } = card.capabilities;
  switch (method) {
    case 'SendStreamingMessage':
    case 'SubscribeToTask':
      if (streaming !== true)
        throw new UnsupportedOperationError(
          'This agent does not stream: send SendMessage, or ask with GetTask',
        );
      break;
    case 'CreateTaskPushNotificationConfig':
    case 'GetTaskPushNotificationConfig':
    case 'ListTaskPushNotificationConfigs':
    case 'DeleteTaskPushNotificationConfig':
      if (pushNotifications !== true) throw new PushNotificationNotSupportedError();
      break;
    case 'GetExtendedAgentCard':
      if (extendedAgentCard !== true) throw new UnsupportedOperationError(NO_EXTENDED_CARD);
      break;
    default:
  }
  if (method !== 'SendMessage' && method !== 'SendStreamingMessage') return;
  if (pushNotifications !== true && hasWebhook(params)) throw new PushNotificationNotSupportedError();
}

const NO_EXTENDED_CARD = 'This agent has no extended card: its card is at .well-known/agent-card.json';

function hasInlinePush(params: unknown): boolean {
  const configuration = field(params, 'configuration');
  const config =
    field(configuration, 'taskPushNotificationConfig') ??
    field(configuration, 'task_push_notification_config');
  return config !== undefined && config !== null;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name] // an object with that key of its own
    : undefined;
}

/** How much one message may hold. */
export interface MessageLimits {
  readonly messageParts: number;
}

/** What holds where nothing was said. */
export const MESSAGE_LIMITS: MessageLimits = { messageParts: 1000 };

/** The parameters in canonical form. Throws InvalidParamsError for what breaks the schema, or a rule that the schema can not say. */
export function readParams<M extends Method>(
  method: M,
  given: unknown,
  limits: MessageLimits,
): Methods[M]['params'] {
  const checked = checkV1(method, given ?? {});
  if ('violations' in checked) throw new InvalidParamsError(checked.violations);
  if ('message' in checked.params) dropEmptyIds(checked.params.message);
  const violations = messageRules(checked.params, limits);
  if (violations.length > 0) throw new InvalidParamsError(violations);
  return checked.params;
}

/** These ids have no presence in the protocol's definition: an empty one is an absent one (§4.1.4). */
function dropEmptyIds(message: Message): void {
  if (message.taskId === '') delete message.taskId;
  if (message.contextId === '') delete message.contextId;
}

function messageRules(params: object, { messageParts }: MessageLimits): FieldViolation[] {
  if (!('message' in params)) return [];
  const message = params.message as Message; // every `message` of the schema's parameters is a Message
  const violations: FieldViolation[] = [];
  if (message.role !== 'ROLE_USER') {
    violations.push({ field: 'message.role', description: 'must be ROLE_USER in a message of a client' });
  }
  if (message.parts.length > messageParts) {
    const description = `must have at most ${String(messageParts)} parts: send the others in further messages`;
    return [{ field: 'message.parts', description }];
  }
  for (const name of ['messageId', 'contextId'] as const) {
    if (!isIdentifier(message[name] ?? '')) {
      const description = 'must have at most 256 characters and no control characters';
      violations.push({ field: `message.${name}`, description });
    }
  }
  message.parts.forEach(({ url }, index) => {
    if (url === undefined || isWebUrl(url)) return;
    const description = 'must be an absolute http or https URL';
    violations.push({ field: `message.parts[${String(index)}].url`, description });
  });
  return violations.slice(0, 20);
}

/** Whether a text may be an id that a client chose. */
export function isIdentifier(text: string): boolean {
  // half a surrogate pair has no UTF-8: a store would give back something else
  return text.length <= 256 && !/[\p{Cc}\p{Cs}]/u.test(text);
}

function isWebUrl(url: string): boolean {
  return /^https?:$/.test(parseUrl(url)?.protocol ?? '');
}
