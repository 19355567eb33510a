import type { Refusal } from '../../protocol/checker.ts';
import { isObject } from '../../protocol/protojson.ts';

const HEADER = 'send the header A2A-Version: 1.0, or write';

/** Adds to what is wrong with 0.3 parameters how they came to be so, where they were written for 1.0. */
export function explain(params: Readonly<Record<string, unknown>>, refusal: Refusal): Refusal {
  return {
    violations: refusal.violations.map(({ field, description }) => {
      const hint = hintFor(field, params);
      return { field, description: hint === undefined ? description : `${description}; ${hint}` };
    }),
  };
}

function hintFor(field: string, params: Readonly<Record<string, unknown>>): string | undefined {
  if (field === 'message.role') {
    const role = isObject(params['message']) ? params['message']['role'] : undefined;
    if (typeof role !== 'string' || !role.startsWith('ROLE_')) return undefined;
    return `${role} is a role of A2A 1.0: ${HEADER} ${role === 'ROLE_AGENT' ? 'agent' : 'user'}`;
  }
  if (field === 'pushNotificationConfig' && 'url' in params) {
    return `A2A 1.0 has url beside taskId: ${HEADER} it in pushNotificationConfig`;
  }
  if (field === 'id' && 'taskId' in params) return `A2A 1.0 calls it taskId: ${HEADER} id`;
  return undefined;
}
