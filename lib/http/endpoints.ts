import type { Answer } from '../binding/answer.ts';
import type { Binding } from '../binding/binding.ts';
import { isStreaming } from '../core/call.ts';
import type { BindingName } from '../core/card.ts';
import { jsonRpc } from '../jsonrpc/dispatch.ts';
import { InvalidRequestError } from '../protocol/errors.ts';
import { restBinding } from '../rest/dispatch.ts';
import { findResource, type Resource } from '../rest/match.ts';

/** What is at a path below the mount. */
export interface Endpoint {
  /** How requests of this verb are answered; undefined where the path knows no such verb. */
  readonly bindingFor: (verb: string) => Binding | undefined;
  /** The answer to all other verbs. */
  readonly notAllowed: Answer;
  /** Whether the path names a tenant. */
  readonly hasTenant: boolean;
}

const USE_POST = 'Calls are sent with POST; the agent card is at .well-known/agent-card.json below this path';

const ROOT: Endpoint = {
  bindingFor: (verb) => (verb === 'POST' ? jsonRpc : undefined),
  notAllowed: notAllowed(jsonRpc, ['POST'], USE_POST),
  hasTenant: false,
};

/** Finds what the bindings that are served have at a path; undefined for a path that is not theirs. */
export function findEndpoint(path: string, bindings: readonly BindingName[]): Endpoint | undefined {
  if (path === '/') return bindings.includes('JSONRPC') ? ROOT : undefined;
  const resource = bindings.includes('HTTP+JSON') ? findResource(path) : undefined;
  return resource && endpointOf(resource);
}

function endpointOf({ methods, variables }: Resource): Endpoint {
  const find = (verb: string) => {
    const method = methods.get(verb === 'HEAD' ? 'GET' : verb);
    // the head of a stream comes with its first event
    return method !== undefined && verb === 'HEAD' && isStreaming(method) ? undefined : method;
  };
  return {
    bindingFor(verb) {
      const method = find(verb);
      return method && restBinding({ method, verb, variables });
    },
    get notAllowed() {
      const allowed = ['GET', 'HEAD', 'POST', 'DELETE'].filter((verb) => find(verb) !== undefined);
      const [method = 'GetTask'] = methods.values();
      const binding = restBinding({ method, verb: 'GET', variables });
      return notAllowed(binding, allowed, `This path is for ${allowed.join(', ')}`);
    },
    hasTenant: variables !== undefined && 'tenant' in variables,
  };
}

function notAllowed({ refuse }: Binding, allowed: readonly string[], why: string): Answer {
  const answer = refuse(new InvalidRequestError(why), 405);
  return { ...answer, headers: { ...answer.headers, Allow: allowed.join(', ') } };
}
