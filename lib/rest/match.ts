import type { Method } from '../core/call.ts';
import { isReservedTenant } from '../core/tenants.ts';
import { a2aV1Routes } from '../protocol/v1.routes.ts';

/** What is at a path of the HTTP+JSON binding. */
export interface Resource {
  /** The operations by the verbs that call them. */
  readonly methods: ReadonlyMap<string, Method>;
  /** The parameters that the path names; undefined where one of them is not percent-encoded UTF-8. */
  readonly variables: Readonly<Record<string, string>> | undefined;
}

/** A path of the method table, split at its slashes. */
interface Pattern {
  readonly segments: readonly Segment[];
  readonly methods: Map<string, Method>;
}

/** A step of a path: a text, or a parameter and the `:verb` behind it. */
type Segment = { readonly text: string } | { readonly name: string; readonly end: string };

/**
 * The operations at a path below the mount (§11.3), also with the tenant in front of it; undefined where none is. A slash
 * at the end makes no difference. Parameters are percent-decoded, all else is compared as it is written.
 */
export function findResource(path: string): Resource | undefined {
  const steps = path.replace(/\/$/, '').split('/').slice(1);
  return match(steps) ?? matchTenant(steps);
}

/** Whether a path ends as that of an operation with this verb does, wherever its mount may be. */
export function endsAsOperation(path: string, verb: string): boolean {
  const steps = path.replace(/\/$/, '').split('/');
  return LENGTHS.some((length) => match(steps.slice(-length))?.methods.has(verb) === true);
}

function matchTenant([tenant = '', ...steps]: readonly string[]): Resource | undefined {
  if (tenant === '' || isReservedTenant(tenant)) return undefined;
  return match(steps, { tenant });
}

function match(steps: readonly string[], more: Readonly<Record<string, string>> = {}): Resource | undefined {
  for (const { segments, methods } of PATTERNS) {
    const found = segments.length === steps.length ? read(segments, steps) : undefined;
    if (found !== undefined) return { methods, variables: decoded({ ...more, ...found }) };
  }
  return undefined;
}

function read(segments: readonly Segment[], steps: readonly string[]): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const step = steps[index] ?? '';
    if ('text' in segment) {
      if (step !== segment.text) return undefined;
    } else {
      if (!step.endsWith(segment.end) || step.length === segment.end.length) return undefined;
      found[segment.name] = step.slice(0, step.length - segment.end.length);
    }
  }
  return found;
}

function decoded(raw: Readonly<Record<string, string>>): Record<string, string> | undefined {
  try {
    return Object.fromEntries(Object.entries(raw).map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    return undefined;
  }
}

const PATTERNS = patterns();
const LENGTHS = [...new Set(PATTERNS.map(({ segments }) => segments.length))];

function patterns(): readonly Pattern[] {
  const byPath = new Map<string, Pattern>();
  for (const { method, verb, path } of a2aV1Routes) {
    const pattern = byPath.get(path) ?? {
      segments: path.split('/').slice(1).map(segmentOf),
      methods: new Map(),
    };
    pattern.methods.set(verb, method);
    byPath.set(path, pattern);
  }
  // a `:verb` is split off before the whole step counts as a parameter
  return [...byPath.values()].sort((a, b) => Number(hasEnd(b)) - Number(hasEnd(a)));
}

function segmentOf(step: string): Segment {
  const [, name, end = ''] = /^\{(\w+)\}(.*)$/.exec(step) ?? [];
  return name === undefined ? { text: step } : { name, end };
}

function hasEnd({ segments }: Pattern): boolean {
  return segments.some((segment) => 'end' in segment && segment.end !== '');
}
