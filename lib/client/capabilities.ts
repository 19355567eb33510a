import { PushNotificationNotSupportedError, UnsupportedOperationError } from '../protocol/errors.ts';
import type { AgentCard, Methods, SendMessageRequest } from '../protocol/v1.ts';

/** Throws the error that the agent would answer with, where its card does not declare what an operation needs (§3.3.4). */
export function requireCapability(card: AgentCard, method: keyof Methods): void {
  const { streaming, pushNotifications, extendedAgentCard } = capabilitiesOf(card);
  switch (method) {
    case 'SendStreamingMessage':
    case 'SubscribeToTask':
      if (streaming !== true) throw undeclared('streaming');
      return;
    case 'CreateTaskPushNotificationConfig':
    case 'GetTaskPushNotificationConfig':
    case 'ListTaskPushNotificationConfigs':
    case 'DeleteTaskPushNotificationConfig':
      if (pushNotifications !== true) throw new PushNotificationNotSupportedError();
      return;
    case 'GetExtendedAgentCard':
      if (extendedAgentCard !== true) throw undeclared('an extended card');
      return;
    default:
  }
}

/** A webhook inside a send needs the capability too. */
export function requireForSend(card: AgentCard, { configuration }: SendMessageRequest): void {
  if (configuration?.taskPushNotificationConfig !== undefined) {
    requireCapability(card, 'CreateTaskPushNotificationConfig');
  }
}

/** What a card declares; peers may have left all of it out. */
export function capabilitiesOf(card: Partial<Pick<AgentCard, 'capabilities'>>): AgentCard['capabilities'] {
  return card.capabilities ?? {};
}

function undeclared(what: string): UnsupportedOperationError {
  return new UnsupportedOperationError(`The card of this agent does not declare ${what}`);
}
