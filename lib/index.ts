export { allowedHosts, type AllowedHostsOptions } from './express/allowed-hosts.ts';
export { a2aRouter, type A2ARouter, type RouterStatus } from './express/router.ts';
export type { A2AOptions, RequestLimits } from './express/options.ts';
export type { ErrorMiddleware } from './express/error-handler.ts';
export type { Middleware } from './http/handler.ts';
export { startPushSender, type StartPushSenderOptions } from './express/push-sender.ts';
export type { PushOptions, PushSendOptions } from './express/push-options.ts';
export type { PushSender } from './push/sender.ts';
export { startWorker, type StartWorkerOptions } from './core/start-worker.ts';
export type { WorkerSettings } from './core/worker-settings.ts';
export type { Worker } from './core/worker.ts';
export { memoryBackend, type MemoryBackend, type MemoryBackendOptions } from './memory/backend.ts';
export type { Limits, Retention } from './memory/limits.ts';

export type { Tenants } from './core/tenants.ts';
export type { CardOptions, Versions } from './core/card.ts';
export type {
  ExtendedCardCaller,
  ExtendedCardFields,
  ExtendedCardFunction,
  ExtendedCardOptions,
} from './core/extended-card.ts';
export type { CardKey } from './core/signing-key.ts';
export { ConfigError, type ConfigErrorCode } from './core/config-error.ts';
export type { ErrorInfo } from './core/failure.ts';
export type { Logger } from './core/logger.ts';
export type { MetricName, OnMetric } from './core/metrics.ts';
export type { AnswersFunction, OnBusy } from './core/start-send.ts';

export type { Agent, Chunk, Output } from './core/output.ts';
export { data, file, text, type PartOptions } from './core/parts.ts';
export { isTaskFailed, LeaseLost, TaskClosed, TaskFailed } from './core/task-failed.ts';
export type {
  AbortReason,
  ArtifactDraft,
  ArtifactStream,
  Draft,
  Turn,
  TurnFile,
  WaitResult,
} from './core/turn.ts';

export { systemClock, type Clock } from './core/clock.ts';
export {
  createFold,
  foldLog,
  isClosing,
  withShape,
  type Fold,
  type OpenEntry,
  type TaskShape,
} from './core/fold.ts';
export type { Broker, WorkHint, WorkOutcome } from './core/broker.ts';
export type { EventBus, TaskHint } from './core/event-bus.ts';
export type {
  Answers,
  ArtifactBody,
  EntryBody,
  LogEntry,
  Metadata,
  RunError,
  RunRequest,
  Scope,
  Seq,
  StatusBody,
  StoredTask,
  TaskId,
} from './core/log.ts';
export type {
  ClaimedPush,
  PushConfig,
  PushLease,
  PushRegistration,
  PushStorage,
  StoredPush,
} from './core/push-storage.ts';
export {
  StorageError,
  type ClaimedTask,
  type CreatedTask,
  type Idempotency,
  type Lease,
  type NewInput,
  type NewTask,
  type Refusal,
  type SortKey,
  type Storage,
  type TaskPage,
  type TaskQuery,
  type TaskSnapshot,
  type WriteResult,
} from './core/storage.ts';

export {
  A2AError,
  ContentTypeNotSupportedError,
  ExtendedAgentCardNotConfiguredError,
  ExtensionSupportRequiredError,
  InternalError,
  InvalidAgentResponseError,
  InvalidParamsError,
  InvalidRequestError,
  isA2AError,
  MethodNotFoundError,
  ParseError,
  PushNotificationNotSupportedError,
  RateLimitedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnauthenticatedError,
  UnavailableError,
  UnsupportedOperationError,
  VersionNotSupportedError,
  type ErrorDetail,
  type FieldViolation,
} from './protocol/errors.ts';
export { a2aV1 } from './protocol/v1.schema.ts';
export type {
  APIKeySecurityScheme,
  AgentCapabilities,
  AgentCard,
  AgentCardSignature,
  AgentExtension,
  AgentInterface,
  AgentProvider,
  AgentSkill,
  Artifact,
  AuthenticationInfo,
  AuthorizationCodeOAuthFlow,
  CancelTaskRequest,
  ClientCredentialsOAuthFlow,
  DeleteTaskPushNotificationConfigRequest,
  DeviceCodeOAuthFlow,
  GetExtendedAgentCardRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  HTTPAuthSecurityScheme,
  ImplicitOAuthFlow,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  ListTasksRequest,
  ListTasksResponse,
  Message,
  Methods,
  MutualTlsSecurityScheme,
  OAuth2SecurityScheme,
  OAuthFlows,
  OpenIdConnectSecurityScheme,
  Part,
  PasswordOAuthFlow,
  Role,
  SecurityRequirement,
  SecurityScheme,
  SendMessageConfiguration,
  SendMessageRequest,
  SendMessageResponse,
  StreamResponse,
  StringList,
  SubscribeToTaskRequest,
  Task,
  TaskArtifactUpdateEvent,
  TaskPushNotificationConfig,
  TaskState,
  TaskStatus,
  TaskStatusUpdateEvent,
} from './protocol/v1.ts';
export { createPushSigner, type PublicKeySet, type PushSigner, type SignPush } from './push/sign.ts';
