/** A google.rpc.Status (§11.6), as a schema. */
export const ERROR_SCHEMA = {
  description: 'Why a call failed: a google.rpc.Status.',
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'status', 'message'],
      properties: {
        code: { description: 'The HTTP status.', type: 'integer' },
        status: { description: 'The name of a google.rpc.Code, such as NOT_FOUND.', type: 'string' },
        message: { description: 'What went wrong, and what to do about it, for people.', type: 'string' },
        details: {
          description: 'The same for programs.',
          type: 'array',
          items: {
            anyOf: [
              { $ref: '#/components/schemas/ErrorInfo' },
              { $ref: '#/components/schemas/BadRequest' },
              { type: 'object', required: ['@type'], properties: { '@type': { type: 'string' } } },
            ],
          },
        },
      },
    },
  },
} as const;

/** What the details of a Status are. */
export const DETAIL_SCHEMAS = {
  ErrorInfo: {
    description: 'Which error it is: google.rpc.ErrorInfo.',
    type: 'object',
    required: ['@type', 'reason', 'domain'],
    properties: {
      '@type': { const: 'type.googleapis.com/google.rpc.ErrorInfo' },
      reason: { description: 'The name of the error, such as TASK_NOT_FOUND.', type: 'string' },
      domain: { description: 'Who gave it that name: a2a-protocol.org, or the server.', type: 'string' },
      metadata: {
        description: 'What it is about.',
        type: 'object',
        additionalProperties: { type: 'string' },
      },
    },
  },
  BadRequest: {
    description: 'Which fields are wrong: google.rpc.BadRequest.',
    type: 'object',
    required: ['@type', 'fieldViolations'],
    properties: {
      '@type': { const: 'type.googleapis.com/google.rpc.BadRequest' },
      fieldViolations: {
        type: 'array',
        items: {
          type: 'object',
          required: ['field', 'description'],
          properties: {
            field: { description: 'Its path, such as message.parts[0].text.', type: 'string' },
            description: { description: 'What is wrong with it.', type: 'string' },
          },
        },
      },
    },
  },
} as const;
