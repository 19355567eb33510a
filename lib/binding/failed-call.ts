/** What is told of an operation that failed. Neither holds nor shows its parameters: a stream is open for long. */
export interface FailedCall {
  readonly method: string;
  /** The task that the client named, where it named one in earnest. */
  readonly taskId: string | undefined;
}

/** What is told of an operation, should it fail. */
export function failedCall({ method, params }: { method: string; params: unknown }): FailedCall {
  const { message, taskId, id } = fieldsOf(params);
  const named = fieldsOf(message)['taskId'] ?? taskId ?? id;
  return { method, taskId: typeof named === 'string' && named.length <= 256 ? named : undefined };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}; // any object has string keys
}
