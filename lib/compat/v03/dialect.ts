import { InvalidParamsError } from '../../protocol/errors.ts';
import { isObject } from '../../protocol/protojson.ts';
import { a2aV1Methods } from '../../protocol/v1.schema.ts';
import type * as v1 from '../../protocol/v1.ts';
import { cardToV03, hybridCard } from './card.ts';
import { checkV03 } from './check.ts';
import { errorToV03 } from './error.ts';
import { eventToV03 } from './event.ts';
import { paramsToV1 } from './params.ts';
import { taskToV03 } from './task.ts';
import { resultToV03, type UnaryMethod } from './result.ts';

/** The operations that 0.3 has, by their names in 1.0. */
export type MethodV03 = Exclude<keyof v1.Methods, 'ListTasks'>;

/** What a server needs to speak 0.3: reads parameters, writes results, events, errors and cards. */
export const v03 = {
  /** How the parameters of an operation, by its 1.0 name, are read. */
  params: (method: MethodV03) => ({
    name: '0.3' as const,
    /** Whether a send brings a webhook along, as far as that shows before its parameters are checked. */
    hasWebhook,
    /** The parameters as a client of 1.0 would send them. Throws an InvalidParamsError in the words of 0.3. */
    translate: (params: unknown) => readParams(method, params),
  }),
  /** The result of an operation. An extended card comes without its signatures: they are of the card of 1.0. */
  result: (method: UnaryMethod, result: v1.Methods[UnaryMethod]['result']): unknown => {
    // the result of this very method, which a union of methods does not show
    if (method === 'GetExtendedAgentCard') return unsigned(result as v1.AgentCard);
    return resultToV03(method, result as never);
  },
  event: eventToV03,
  /** A task, which is what webhooks of 0.3 get. */
  task: taskToV03,
  error: errorToV03,
  cards: {
    /** The card for clients of 0.3. Signatures are of the card of 1.0. */
    older: unsigned,
    hybrid: hybridCard,
  },
};

function unsigned({ signatures: _, ...card }: v1.AgentCard): object {
  return cardToV03(card);
}

function readParams(method: MethodV03, params: unknown): object {
  const { older } = a2aV1Methods[method];
  const checked = checkV03(older, params);
  if ('violations' in checked) throw new InvalidParamsError(checked.violations);
  return paramsToV1(older, checked.params);
}

function hasWebhook(params: unknown): boolean {
  if (!isObject(params) || !isObject(params['configuration'])) return false;
  const { pushNotificationConfig, push_notification_config: spelledOut } = params['configuration'];
  return (pushNotificationConfig ?? spelledOut ?? null) !== null;
}
