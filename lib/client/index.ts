export { A2AClient } from './client.ts';
export type { CachedCard, CardCache } from './card-cache.ts';
export {
  CardError,
  type ClientError,
  ConnectionError,
  isClientError,
  NoInterfaceError,
  OutcomeUnknownError,
  type Phase,
  ResponseError,
  type ResponseFault,
  StreamBrokenError,
  TimeoutError,
} from './errors.ts';
export type { SpokenInterface } from './interfaces.ts';
export type { Content, SendOptions } from './message.ts';
export type {
  CallOptions,
  CardVerification,
  ClientOptions,
  HeadersFunction,
  PublicJwk,
  RequestHeaders,
  ResumeOptions,
  StreamBreak,
  Timeouts,
} from './options.ts';
export type { EventStream } from './stream.ts';
export {
  A2AError,
  type ErrorDetail,
  type FieldViolation,
  isA2AError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnauthenticatedError,
  UnsupportedOperationError,
} from '../protocol/errors.ts';
export { reduce } from '../protocol/reduce.ts';
export { isInterrupted, isTerminal } from '../protocol/states.ts';
export type {
  AgentCard,
  Artifact,
  ListTasksRequest,
  ListTasksResponse,
  Message,
  Part,
  SendMessageRequest,
  SendMessageResponse,
  StreamResponse,
  Task,
  TaskArtifactUpdateEvent,
  TaskPushNotificationConfig,
  TaskState,
  TaskStatus,
  TaskStatusUpdateEvent,
} from '../protocol/v1.ts';
