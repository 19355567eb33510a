import { a2aV1 } from './v1.schema.ts';
import type { AgentCard } from './v1.ts';

interface Shape {
  readonly $ref?: string;
  readonly type?: string;
  readonly items?: Shape;
  readonly additionalProperties?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

const SHAPES: Readonly<Record<string, Shape>> = a2aV1.$defs;

/** The fields that the protocol's definition marks `optional`: given, they count also where they equal the default. */
const OPTIONAL: ReadonlySet<string> = new Set([
  'AgentCard.documentationUrl',
  'AgentCard.iconUrl',
  'AgentCapabilities.streaming',
  'AgentCapabilities.pushNotifications',
  'AgentCapabilities.extendedAgentCard',
]);

/**
 * The card that is signed (§8.4.1): without signatures, without unknown fields, and without what equals a default,
 * unless it is required or marked `optional`.
 */
export function withoutDefaults({ signatures: _, ...card }: AgentCard): Omit<AgentCard, 'signatures'> {
  return reduced('AgentCard', card) as Omit<AgentCard, 'signatures'>; // fewer fields of the same card
}

function reduced(name: string, message: object): object {
  const { properties = {}, required = [] } = SHAPES[name] ?? {};
  const kept = Object.entries(message).flatMap(([field, value]: [string, unknown]) => {
    const shape = properties[field];
    if (shape === undefined || value === undefined) return [];
    const isKept = required.includes(field) || OPTIONAL.has(`${name}.${field}`) || !isDefault(shape, value);
    return isKept ? [[field, reducedValue(shape, value)] as const] : [];
  });
  return Object.fromEntries(kept);
}

function reducedValue(shape: Shape, value: unknown): unknown {
  if (shape.$ref !== undefined) return reduced(shape.$ref.slice('#/$defs/'.length), Object(value) as object);
  const { items, additionalProperties: entries } = shape;
  if (items !== undefined && Array.isArray(value)) return value.map((item) => reducedValue(items, item));
  if (entries !== undefined && typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reducedValue(entries, item)]));
  }
  return value;
}

/** A message has presence: an empty one is no default; free-form objects are messages too. */
function isDefault({ $ref, items, additionalProperties: entries, type }: Shape, value: unknown): boolean {
  if ($ref !== undefined) return false;
  if (items !== undefined) return Array.isArray(value) && value.length === 0;
  if (entries !== undefined)
    return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return type !== 'object' && (value === '' || value === false || value === 0);
}
