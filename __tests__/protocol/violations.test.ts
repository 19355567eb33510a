import { describe, expect, it } from '@jest/globals';
import { checkDefinition, readDefinition } from '../../lib/protocol/validate.ts';
import { a2aV1 } from '../../lib/protocol/v1.schema.ts';
import { violations } from '../../lib/protocol/violations.ts';

/** Keywords that say where further schemas are, or say nothing. */
const SILENT = ['$ref', 'additionalProperties', 'description', 'items', 'properties'];

const wordings = {
  enum: [readDefinition('Role', 'x'), 'must be one of ROLE_USER, ROLE_AGENT'],
  format: [checkDefinition('Part', { raw: '!' }), 'must be base64'],
  maximum: [readDefinition('ListTasksRequest', { pageSize: 500 }), 'must be from 1 to 100'],
  minItems: [readDefinition('Artifact', { artifactId: 'a', parts: [] }), 'must have at least one element'],
  minLength: [readDefinition('GetTaskRequest', { id: '' }), 'must not be empty'],
  minimum: [readDefinition('ListTasksRequest', { pageSize: -5 }), 'must be from 1 to 100'],
  oneOf: [readDefinition('SendMessageResponse', {}), 'must have exactly one of task, message'],
  required: [readDefinition('GetTaskRequest', {}), 'is required'],
  type: [readDefinition('StringList', []), 'must be an object'],
} as const;

describe('the words for a violation', () => {
  it('exist for every keyword that the schema uses', () => {
    const used = new Set<string>();
    collectKeywords(Object.values(a2aV1.$defs), used);
    expect([...used].filter((keyword) => !SILENT.includes(keyword)).sort()).toEqual(Object.keys(wordings));
  });

  it.each(Object.entries(wordings))('for %s say what is expected', (_keyword, [checked, description]) => {
    expect(checked).toEqual({ violations: [{ field: expect.any(String), description }] });
  });

  it.each([
    ['StringList', { list: {} }, 'list', 'must be a list'],
    ['StringList', { list: [5] }, 'list[0]', 'must be a string'],
    ['ListTasksRequest', { pageSize: {} }, 'pageSize', 'must be a whole number'],
    ['ListTasksRequest', { includeArtifacts: 1 }, 'includeArtifacts', 'must be true or false'],
    [
      'ListTasksRequest',
      { status: {} },
      'status',
      /^must be one of TASK_STATE_SUBMITTED, .*TASK_STATE_AUTH_REQUIRED$/,
    ],
    ['Part', 5, 'Part', 'must be an object'],
    [
      'TaskStatus',
      { state: 1, timestamp: '' },
      'timestamp',
      'must be a timestamp such as 2025-01-31T12:00:00Z',
    ],
  ] as const)('for %s %j name the type', (name, given, field, words) => {
    const description: unknown = typeof words === 'string' ? words : expect.stringMatching(words);
    expect(readDefinition(name, given)).toEqual({ violations: [{ field, description }] });
  });

  it('are never made up for a keyword that nobody has worded', () => {
    const error = {
      keyword: 'pattern',
      instancePath: '/a',
      schemaPath: '#/pattern',
      params: {},
      parentSchema: {},
    };
    expect(() => violations([error], 'params')).toThrow('no words for pattern');
  });
});

function collectKeywords(schemas: readonly object[], used: Set<string>): void {
  for (const schema of schemas) {
    for (const [keyword, value] of Object.entries(schema) as [string, unknown][]) {
      used.add(keyword);
      if (keyword === 'properties') collectKeywords(Object.values(value as Record<string, object>), used);
      if (keyword === 'items' || keyword === 'additionalProperties') collectKeywords([value as object], used);
      if (keyword === 'oneOf') collectKeywords(value as object[], used);
    }
  }
}
