import type { ErrorDetail, FieldViolation } from '../../protocol/errors.ts';
import { isObject } from '../../protocol/protojson.ts';
import { a2aV1Methods } from '../../protocol/v1.schema.ts';
import { stateToV03 } from './task.ts';

/** What a JSON-RPC error holds. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

const INTERNAL = -32603;
const REASONS: Readonly<Record<number, string>> = {
  [-32001]: 'TASK_NOT_FOUND',
  [-32002]: 'TASK_NOT_CANCELABLE',
  [-32003]: 'PUSH_NOTIFICATION_NOT_SUPPORTED',
  [-32004]: 'UNSUPPORTED_OPERATION',
  [-32005]: 'CONTENT_TYPE_NOT_SUPPORTED',
  [-32006]: 'INVALID_AGENT_RESPONSE',
  [-32007]: 'EXTENDED_AGENT_CARD_NOT_CONFIGURED',
};

/** An error in the words of 0.3: codes and data are the same, the names of states, operations and fields are not. */
export function errorToV03<E extends RpcError>(error: E): E {
  const { code, message, data } = error;
  return {
    ...error,
    // what an agent says is not ours to reword
    message: code === INTERNAL ? message : inOlderWords(message),
    ...(Array.isArray(data) && { data: data.map(detailToV03) }),
  };
}

/** The code, the text and the details of an error of a 0.3 server, which may hold any data. */
export function errorToV1({ code, message, data }: RpcError): {
  code: number;
  message: string;
  details: ErrorDetail[];
} {
  const details = Array.isArray(data) ? data.filter(isDetail) : [];
  const isForeign = data !== undefined && data !== null && details.length === 0;
  const reason = REASONS[code];
  return {
    code,
    message,
    details: [
      ...(reason !== undefined && !details.some(isErrorInfo)
        ? [{ '@type': ERROR_INFO, reason, domain: 'a2a-protocol.org' }]
        : []),
      ...(isForeign ? [{ '@type': 'type.googleapis.com/google.protobuf.Value', value: data }] : details),
    ],
  };
}

const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';

function isDetail(value: unknown): value is ErrorDetail {
  return isObject(value) && typeof value['@type'] === 'string';
}

function isErrorInfo(detail: ErrorDetail): boolean {
  return detail['@type'] === ERROR_INFO;
}

const WORDS = new RegExp(`\\bTASK_STATE_[A-Z_]+\\b|\\b(?:${Object.keys(a2aV1Methods).join('|')})\\b`, 'g');

function inOlderWords(message: string): string {
  return message.replace(WORDS, (word) => {
    if (word.startsWith('TASK_STATE_')) return stateToV03(word);
    return a2aV1Methods[word as keyof typeof a2aV1Methods].older ?? word; // one of the names in WORDS
  });
}

function detailToV03(detail: unknown): unknown {
  if (!isObject(detail) || !Array.isArray(detail['fieldViolations'])) return detail;
  const violations = detail['fieldViolations'] as FieldViolation[]; // google.rpc.BadRequest, of our making
  return { ...detail, fieldViolations: violations.map(violationToV03) };
}

function violationToV03({ field, description }: FieldViolation): FieldViolation {
  const older = field
    .replace(/(\.parts\[\d+\])\.raw$/, '$1.file.bytes')
    .replace(/(\.parts\[\d+\])\.url$/, '$1.file.uri')
    .replace(/^(url|token|authentication)\b/, 'pushNotificationConfig.$1')
    .replace(/^configuration\.taskPushNotificationConfig/, 'configuration.pushNotificationConfig');
  return { field: older, description };
}
