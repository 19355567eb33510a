// Generated from schema/a2a.v1.mjs by `npm run generate`; edit that file instead.
import type { Infer, OneOf, Ref } from './infer.ts';
import type { a2aV1 } from './v1.schema.ts';

type Defs = typeof a2aV1.$defs;

/** Where a task stands in its life cycle. */
export type TaskState = Infer<Defs, 'TaskState'>;

/** Which side wrote a message. */
export type Role = Infer<Defs, 'Role'>;

/** A piece of content: text, inline bytes, a link, or structured data. */
export type Part = OneOf<Infer<Defs, 'Part'>, 'text' | 'raw' | 'url' | 'data'>;

/** A single turn from a client or an agent. */
export interface Message extends Infer<Defs, 'Message', [Ref<'Role', Role>, Ref<'Part', Part>]> {}

/** An output a task produced. */
export interface Artifact extends Infer<Defs, 'Artifact', [Ref<'Part', Part>]> {}

/** State of a task at one moment. */
export interface TaskStatus extends Infer<Defs, 'TaskStatus', [Ref<'TaskState', TaskState>, Ref<'Message', Message>]> {}

/** A unit of work with its state, outputs and history. */
export interface Task extends Infer<Defs, 'Task', [Ref<'TaskStatus', TaskStatus>, Ref<'Artifact', Artifact>, Ref<'Message', Message>]> {}

/** Tells that a task changed state. */
export interface TaskStatusUpdateEvent extends Infer<Defs, 'TaskStatusUpdateEvent', [Ref<'TaskStatus', TaskStatus>]> {}

/** Carries a new output of a task, or a further chunk of one. */
export interface TaskArtifactUpdateEvent extends Infer<Defs, 'TaskArtifactUpdateEvent', [Ref<'Artifact', Artifact>]> {}

/** How the agent authenticates at a webhook. */
export interface AuthenticationInfo extends Infer<Defs, 'AuthenticationInfo'> {}

/** A webhook registered for the updates of one task. */
export interface TaskPushNotificationConfig extends Infer<Defs, 'TaskPushNotificationConfig', [Ref<'AuthenticationInfo', AuthenticationInfo>]> {}

/** One address and binding under which the agent answers. */
export interface AgentInterface extends Infer<Defs, 'AgentInterface'> {}

/** Who runs the agent. */
export interface AgentProvider extends Infer<Defs, 'AgentProvider'> {}

/** A protocol extension the agent knows. */
export interface AgentExtension extends Infer<Defs, 'AgentExtension'> {}

/** Optional protocol features the agent offers. */
export interface AgentCapabilities extends Infer<Defs, 'AgentCapabilities', [Ref<'AgentExtension', AgentExtension>]> {}

/** A list of strings, as a map value. */
export interface StringList extends Infer<Defs, 'StringList'> {}

/** Schemes that have to be satisfied together. */
export interface SecurityRequirement extends Infer<Defs, 'SecurityRequirement', [Ref<'StringList', StringList>]> {}

/** Something the agent can do. */
export interface AgentSkill extends Infer<Defs, 'AgentSkill', [Ref<'SecurityRequirement', SecurityRequirement>]> {}

/** A JSON Web Signature over the card. */
export interface AgentCardSignature extends Infer<Defs, 'AgentCardSignature'> {}

/** What an agent publishes about itself. */
export interface AgentCard extends Infer<Defs, 'AgentCard', [Ref<'AgentInterface', AgentInterface>, Ref<'AgentProvider', AgentProvider>, Ref<'AgentCapabilities', AgentCapabilities>, Ref<'SecurityScheme', SecurityScheme>, Ref<'SecurityRequirement', SecurityRequirement>, Ref<'AgentSkill', AgentSkill>, Ref<'AgentCardSignature', AgentCardSignature>]> {}

/** One way to authenticate, after the OpenAPI security scheme object. */
export type SecurityScheme = OneOf<Infer<Defs, 'SecurityScheme', [Ref<'APIKeySecurityScheme', APIKeySecurityScheme>, Ref<'HTTPAuthSecurityScheme', HTTPAuthSecurityScheme>, Ref<'OAuth2SecurityScheme', OAuth2SecurityScheme>, Ref<'OpenIdConnectSecurityScheme', OpenIdConnectSecurityScheme>, Ref<'MutualTlsSecurityScheme', MutualTlsSecurityScheme>]>, 'apiKeySecurityScheme' | 'httpAuthSecurityScheme' | 'oauth2SecurityScheme' | 'openIdConnectSecurityScheme' | 'mtlsSecurityScheme'>;

/** A key sent with each request. */
export interface APIKeySecurityScheme extends Infer<Defs, 'APIKeySecurityScheme'> {}

/** An HTTP authentication scheme. */
export interface HTTPAuthSecurityScheme extends Infer<Defs, 'HTTPAuthSecurityScheme'> {}

/** OAuth 2.0. */
export interface OAuth2SecurityScheme extends Infer<Defs, 'OAuth2SecurityScheme', [Ref<'OAuthFlows', OAuthFlows>]> {}

/** OpenID Connect. */
export interface OpenIdConnectSecurityScheme extends Infer<Defs, 'OpenIdConnectSecurityScheme'> {}

/** Mutual TLS. */
export interface MutualTlsSecurityScheme extends Infer<Defs, 'MutualTlsSecurityScheme'> {}

/** An OAuth 2.0 flow. */
export type OAuthFlows = OneOf<Infer<Defs, 'OAuthFlows', [Ref<'AuthorizationCodeOAuthFlow', AuthorizationCodeOAuthFlow>, Ref<'ClientCredentialsOAuthFlow', ClientCredentialsOAuthFlow>, Ref<'ImplicitOAuthFlow', ImplicitOAuthFlow>, Ref<'PasswordOAuthFlow', PasswordOAuthFlow>, Ref<'DeviceCodeOAuthFlow', DeviceCodeOAuthFlow>]>, 'authorizationCode' | 'clientCredentials' | 'implicit' | 'password' | 'deviceCode'>;

/** OAuth 2.0 authorization code flow. */
export interface AuthorizationCodeOAuthFlow extends Infer<Defs, 'AuthorizationCodeOAuthFlow'> {}

/** OAuth 2.0 client credentials flow. */
export interface ClientCredentialsOAuthFlow extends Infer<Defs, 'ClientCredentialsOAuthFlow'> {}

/** OAuth 2.0 implicit flow (deprecated). */
export interface ImplicitOAuthFlow extends Infer<Defs, 'ImplicitOAuthFlow'> {}

/** OAuth 2.0 password flow (deprecated). */
export interface PasswordOAuthFlow extends Infer<Defs, 'PasswordOAuthFlow'> {}

/** OAuth 2.0 device code flow (RFC 8628). */
export interface DeviceCodeOAuthFlow extends Infer<Defs, 'DeviceCodeOAuthFlow'> {}

/** How the client wants a send handled. */
export interface SendMessageConfiguration extends Infer<Defs, 'SendMessageConfiguration', [Ref<'TaskPushNotificationConfig', TaskPushNotificationConfig>]> {}

/** Parameters of SendMessage and SendStreamingMessage. */
export interface SendMessageRequest extends Infer<Defs, 'SendMessageRequest', [Ref<'Message', Message>, Ref<'SendMessageConfiguration', SendMessageConfiguration>]> {}

/** Parameters of GetTask. */
export interface GetTaskRequest extends Infer<Defs, 'GetTaskRequest'> {}

/** Parameters of ListTasks. */
export interface ListTasksRequest extends Infer<Defs, 'ListTasksRequest', [Ref<'TaskState', TaskState>]> {}

/** Result of ListTasks. */
export interface ListTasksResponse extends Infer<Defs, 'ListTasksResponse', [Ref<'Task', Task>]> {}

/** Parameters of CancelTask. */
export interface CancelTaskRequest extends Infer<Defs, 'CancelTaskRequest'> {}

/** Parameters of SubscribeToTask. */
export interface SubscribeToTaskRequest extends Infer<Defs, 'SubscribeToTaskRequest'> {}

/** Parameters of GetTaskPushNotificationConfig. */
export interface GetTaskPushNotificationConfigRequest extends Infer<Defs, 'GetTaskPushNotificationConfigRequest'> {}

/** Parameters of DeleteTaskPushNotificationConfig. */
export interface DeleteTaskPushNotificationConfigRequest extends Infer<Defs, 'DeleteTaskPushNotificationConfigRequest'> {}

/** Parameters of ListTaskPushNotificationConfigs. */
export interface ListTaskPushNotificationConfigsRequest extends Infer<Defs, 'ListTaskPushNotificationConfigsRequest'> {}

/** Result of ListTaskPushNotificationConfigs. */
export interface ListTaskPushNotificationConfigsResponse extends Infer<Defs, 'ListTaskPushNotificationConfigsResponse', [Ref<'TaskPushNotificationConfig', TaskPushNotificationConfig>]> {}

/** The result of an operation that has nothing to say (google.protobuf.Empty). */
export type Empty = Record<string, never>;

/** Parameters of GetExtendedAgentCard. */
export interface GetExtendedAgentCardRequest extends Infer<Defs, 'GetExtendedAgentCardRequest'> {}

/** Result of SendMessage. */
export type SendMessageResponse = OneOf<Infer<Defs, 'SendMessageResponse', [Ref<'Task', Task>, Ref<'Message', Message>]>, 'task' | 'message'>;

/** One event of a stream, and the body of a push notification. */
export type StreamResponse = OneOf<Infer<Defs, 'StreamResponse', [Ref<'Task', Task>, Ref<'Message', Message>, Ref<'TaskStatusUpdateEvent', TaskStatusUpdateEvent>, Ref<'TaskArtifactUpdateEvent', TaskArtifactUpdateEvent>]>, 'task' | 'message' | 'statusUpdate' | 'artifactUpdate'>;

/** The type of each definition, by its name. */
export interface Definitions {
  TaskState: TaskState;
  Role: Role;
  Part: Part;
  Message: Message;
  Artifact: Artifact;
  TaskStatus: TaskStatus;
  Task: Task;
  TaskStatusUpdateEvent: TaskStatusUpdateEvent;
  TaskArtifactUpdateEvent: TaskArtifactUpdateEvent;
  AuthenticationInfo: AuthenticationInfo;
  TaskPushNotificationConfig: TaskPushNotificationConfig;
  AgentInterface: AgentInterface;
  AgentProvider: AgentProvider;
  AgentExtension: AgentExtension;
  AgentCapabilities: AgentCapabilities;
  StringList: StringList;
  SecurityRequirement: SecurityRequirement;
  AgentSkill: AgentSkill;
  AgentCardSignature: AgentCardSignature;
  AgentCard: AgentCard;
  SecurityScheme: SecurityScheme;
  APIKeySecurityScheme: APIKeySecurityScheme;
  HTTPAuthSecurityScheme: HTTPAuthSecurityScheme;
  OAuth2SecurityScheme: OAuth2SecurityScheme;
  OpenIdConnectSecurityScheme: OpenIdConnectSecurityScheme;
  MutualTlsSecurityScheme: MutualTlsSecurityScheme;
  OAuthFlows: OAuthFlows;
  AuthorizationCodeOAuthFlow: AuthorizationCodeOAuthFlow;
  ClientCredentialsOAuthFlow: ClientCredentialsOAuthFlow;
  ImplicitOAuthFlow: ImplicitOAuthFlow;
  PasswordOAuthFlow: PasswordOAuthFlow;
  DeviceCodeOAuthFlow: DeviceCodeOAuthFlow;
  SendMessageConfiguration: SendMessageConfiguration;
  SendMessageRequest: SendMessageRequest;
  GetTaskRequest: GetTaskRequest;
  ListTasksRequest: ListTasksRequest;
  ListTasksResponse: ListTasksResponse;
  CancelTaskRequest: CancelTaskRequest;
  SubscribeToTaskRequest: SubscribeToTaskRequest;
  GetTaskPushNotificationConfigRequest: GetTaskPushNotificationConfigRequest;
  DeleteTaskPushNotificationConfigRequest: DeleteTaskPushNotificationConfigRequest;
  ListTaskPushNotificationConfigsRequest: ListTaskPushNotificationConfigsRequest;
  ListTaskPushNotificationConfigsResponse: ListTaskPushNotificationConfigsResponse;
  Empty: Empty;
  GetExtendedAgentCardRequest: GetExtendedAgentCardRequest;
  SendMessageResponse: SendMessageResponse;
  StreamResponse: StreamResponse;
}

/** What each JSON-RPC method takes and returns. */
export interface Methods {
  SendMessage: { params: SendMessageRequest; result: SendMessageResponse; stream: false };
  SendStreamingMessage: { params: SendMessageRequest; result: StreamResponse; stream: true };
  GetTask: { params: GetTaskRequest; result: Task; stream: false };
  ListTasks: { params: ListTasksRequest; result: ListTasksResponse; stream: false };
  CancelTask: { params: CancelTaskRequest; result: Task; stream: false };
  SubscribeToTask: { params: SubscribeToTaskRequest; result: StreamResponse; stream: true };
  CreateTaskPushNotificationConfig: { params: TaskPushNotificationConfig; result: TaskPushNotificationConfig; stream: false };
  GetTaskPushNotificationConfig: { params: GetTaskPushNotificationConfigRequest; result: TaskPushNotificationConfig; stream: false };
  ListTaskPushNotificationConfigs: { params: ListTaskPushNotificationConfigsRequest; result: ListTaskPushNotificationConfigsResponse; stream: false };
  DeleteTaskPushNotificationConfig: { params: DeleteTaskPushNotificationConfigRequest; result: Empty; stream: false };
  GetExtendedAgentCard: { params: GetExtendedAgentCardRequest; result: AgentCard; stream: false };
}
