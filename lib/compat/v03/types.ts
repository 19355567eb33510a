// Generated from schema/a2a.v0.3.mjs by `npm run generate`; edit that file instead.
import type { Infer, OneOf, Ref } from '../../protocol/infer.ts';
import type { a2aV03 } from './schema.ts';

type Defs = typeof a2aV03.$defs;

/** Where a task stands in its life cycle. */
export type TaskState = Infer<Defs, 'TaskState'>;

/** Which side wrote a message. */
export type Role = Infer<Defs, 'Role'>;

/** Where a request carries an API key. */
export type ApiKeyLocation = Infer<Defs, 'ApiKeyLocation'>;

/** Text. */
export interface TextPart extends Infer<Defs, 'TextPart'> {}

/** A file, inline or by address. */
export type File = OneOf<Infer<Defs, 'File'>, 'bytes' | 'uri'>;

/** A file. */
export interface FilePart extends Infer<Defs, 'FilePart', [Ref<'File', File>]> {}

/** Structured data. */
export interface DataPart extends Infer<Defs, 'DataPart'> {}

/** A single turn of a client or an agent. */
export interface Message extends Infer<Defs, 'Message', [Ref<'Role', Role>, Ref<'Part', Part>]> {}

/** An output of a task. */
export interface Artifact extends Infer<Defs, 'Artifact', [Ref<'Part', Part>]> {}

/** State of a task at one moment. */
export interface TaskStatus extends Infer<Defs, 'TaskStatus', [Ref<'TaskState', TaskState>, Ref<'Message', Message>]> {}

/** A unit of work with its state, outputs and history. */
export interface Task extends Infer<Defs, 'Task', [Ref<'TaskStatus', TaskStatus>, Ref<'Artifact', Artifact>, Ref<'Message', Message>]> {}

/** Tells that a task has changed state. */
export interface TaskStatusUpdateEvent extends Infer<Defs, 'TaskStatusUpdateEvent', [Ref<'TaskStatus', TaskStatus>]> {}

/** Carries a new output of a task, or a further chunk of one. */
export interface TaskArtifactUpdateEvent extends Infer<Defs, 'TaskArtifactUpdateEvent', [Ref<'Artifact', Artifact>]> {}

/** How the agent authenticates at a webhook. */
export interface PushNotificationAuthenticationInfo extends Infer<Defs, 'PushNotificationAuthenticationInfo'> {}

/** A webhook. */
export interface PushNotificationConfig extends Infer<Defs, 'PushNotificationConfig', [Ref<'PushNotificationAuthenticationInfo', PushNotificationAuthenticationInfo>]> {}

/** A webhook registered for one task. */
export interface TaskPushNotificationConfig extends Infer<Defs, 'TaskPushNotificationConfig', [Ref<'PushNotificationConfig', PushNotificationConfig>]> {}

/** How the client wants a send handled. */
export interface MessageSendConfiguration extends Infer<Defs, 'MessageSendConfiguration', [Ref<'PushNotificationConfig', PushNotificationConfig>]> {}

/** Parameters of message/send and message/stream. */
export interface MessageSendParams extends Infer<Defs, 'MessageSendParams', [Ref<'Message', Message>, Ref<'MessageSendConfiguration', MessageSendConfiguration>]> {}

/** Parameters of tasks/cancel, tasks/resubscribe and tasks/pushNotificationConfig/list. */
export interface TaskIdParams extends Infer<Defs, 'TaskIdParams'> {}

/** Parameters of tasks/get. */
export interface TaskQueryParams extends Infer<Defs, 'TaskQueryParams'> {}

/** Parameters of tasks/pushNotificationConfig/get. */
export interface GetTaskPushNotificationConfigParams extends Infer<Defs, 'GetTaskPushNotificationConfigParams'> {}

/** Parameters of tasks/pushNotificationConfig/delete. */
export interface DeleteTaskPushNotificationConfigParams extends Infer<Defs, 'DeleteTaskPushNotificationConfigParams'> {}

/** Parameters of agent/getAuthenticatedExtendedCard: none. */
export type NoParams = Record<string, never>;

/** Who runs an agent. */
export interface AgentProvider extends Infer<Defs, 'AgentProvider'> {}

/** An extension that an agent speaks. */
export interface AgentExtension extends Infer<Defs, 'AgentExtension'> {}

/** What an agent can do beyond the basics. */
export interface AgentCapabilities extends Infer<Defs, 'AgentCapabilities', [Ref<'AgentExtension', AgentExtension>]> {}

/** Something an agent is good at. */
export interface AgentSkill extends Infer<Defs, 'AgentSkill'> {}

/** An address of an agent. */
export interface AgentInterface extends Infer<Defs, 'AgentInterface'> {}

/** A signature over the card (JWS). */
export interface AgentCardSignature extends Infer<Defs, 'AgentCardSignature'> {}

/** What an agent says about itself. */
export interface AgentCard extends Infer<Defs, 'AgentCard', [Ref<'AgentInterface', AgentInterface>, Ref<'AgentProvider', AgentProvider>, Ref<'AgentCapabilities', AgentCapabilities>, Ref<'SecurityScheme', SecurityScheme>, Ref<'AgentSkill', AgentSkill>, Ref<'AgentCardSignature', AgentCardSignature>]> {}

/** An API key. */
export interface APIKeySecurityScheme extends Infer<Defs, 'APIKeySecurityScheme', [Ref<'ApiKeyLocation', ApiKeyLocation>]> {}

/** HTTP authentication. */
export interface HTTPAuthSecurityScheme extends Infer<Defs, 'HTTPAuthSecurityScheme'> {}

/** OAuth 2.0. */
export interface OAuth2SecurityScheme extends Infer<Defs, 'OAuth2SecurityScheme', [Ref<'OAuthFlows', OAuthFlows>]> {}

/** OpenID Connect. */
export interface OpenIdConnectSecurityScheme extends Infer<Defs, 'OpenIdConnectSecurityScheme'> {}

/** A client certificate. */
export interface MutualTLSSecurityScheme extends Infer<Defs, 'MutualTLSSecurityScheme'> {}

/** Flows of OAuth 2.0. */
export interface OAuthFlows extends Infer<Defs, 'OAuthFlows', [Ref<'AuthorizationCodeOAuthFlow', AuthorizationCodeOAuthFlow>, Ref<'ClientCredentialsOAuthFlow', ClientCredentialsOAuthFlow>, Ref<'ImplicitOAuthFlow', ImplicitOAuthFlow>, Ref<'PasswordOAuthFlow', PasswordOAuthFlow>]> {}

/** The authorization code flow. */
export interface AuthorizationCodeOAuthFlow extends Infer<Defs, 'AuthorizationCodeOAuthFlow'> {}

/** The client credentials flow. */
export interface ClientCredentialsOAuthFlow extends Infer<Defs, 'ClientCredentialsOAuthFlow'> {}

/** The implicit flow. */
export interface ImplicitOAuthFlow extends Infer<Defs, 'ImplicitOAuthFlow'> {}

/** The password flow. */
export interface PasswordOAuthFlow extends Infer<Defs, 'PasswordOAuthFlow'> {}

/** A piece of content. */
export type Part = TextPart | FilePart | DataPart;

/** Result of message/send. */
export type SendResult = Task | Message;

/** One event of a stream. */
export type StreamEvent = Task | Message | TaskStatusUpdateEvent | TaskArtifactUpdateEvent;

/** A way to authenticate. */
export type SecurityScheme = APIKeySecurityScheme | HTTPAuthSecurityScheme | OAuth2SecurityScheme | OpenIdConnectSecurityScheme | MutualTLSSecurityScheme;

/** The type of each definition, by its name. */
export interface Definitions {
  TaskState: TaskState;
  Role: Role;
  ApiKeyLocation: ApiKeyLocation;
  TextPart: TextPart;
  File: File;
  FilePart: FilePart;
  DataPart: DataPart;
  Message: Message;
  Artifact: Artifact;
  TaskStatus: TaskStatus;
  Task: Task;
  TaskStatusUpdateEvent: TaskStatusUpdateEvent;
  TaskArtifactUpdateEvent: TaskArtifactUpdateEvent;
  PushNotificationAuthenticationInfo: PushNotificationAuthenticationInfo;
  PushNotificationConfig: PushNotificationConfig;
  TaskPushNotificationConfig: TaskPushNotificationConfig;
  MessageSendConfiguration: MessageSendConfiguration;
  MessageSendParams: MessageSendParams;
  TaskIdParams: TaskIdParams;
  TaskQueryParams: TaskQueryParams;
  GetTaskPushNotificationConfigParams: GetTaskPushNotificationConfigParams;
  DeleteTaskPushNotificationConfigParams: DeleteTaskPushNotificationConfigParams;
  NoParams: NoParams;
  AgentProvider: AgentProvider;
  AgentExtension: AgentExtension;
  AgentCapabilities: AgentCapabilities;
  AgentSkill: AgentSkill;
  AgentInterface: AgentInterface;
  AgentCardSignature: AgentCardSignature;
  AgentCard: AgentCard;
  APIKeySecurityScheme: APIKeySecurityScheme;
  HTTPAuthSecurityScheme: HTTPAuthSecurityScheme;
  OAuth2SecurityScheme: OAuth2SecurityScheme;
  OpenIdConnectSecurityScheme: OpenIdConnectSecurityScheme;
  MutualTLSSecurityScheme: MutualTLSSecurityScheme;
  OAuthFlows: OAuthFlows;
  AuthorizationCodeOAuthFlow: AuthorizationCodeOAuthFlow;
  ClientCredentialsOAuthFlow: ClientCredentialsOAuthFlow;
  ImplicitOAuthFlow: ImplicitOAuthFlow;
  PasswordOAuthFlow: PasswordOAuthFlow;
  Part: Part;
  SendResult: SendResult;
  StreamEvent: StreamEvent;
  SecurityScheme: SecurityScheme;
}

/** What each JSON-RPC method takes and returns. */
export interface Methods {
  'message/send': { params: MessageSendParams; result: SendResult; stream: false };
  'message/stream': { params: MessageSendParams; result: StreamEvent; stream: true };
  'tasks/get': { params: TaskQueryParams; result: Task; stream: false };
  'tasks/cancel': { params: TaskIdParams; result: Task; stream: false };
  'tasks/resubscribe': { params: TaskIdParams; result: StreamEvent; stream: true };
  'tasks/pushNotificationConfig/set': { params: TaskPushNotificationConfig; result: TaskPushNotificationConfig; stream: false };
  'tasks/pushNotificationConfig/get': { params: GetTaskPushNotificationConfigParams; result: TaskPushNotificationConfig; stream: false };
  'tasks/pushNotificationConfig/list': { params: TaskIdParams; result: TaskPushNotificationConfig[]; stream: false };
  'tasks/pushNotificationConfig/delete': { params: DeleteTaskPushNotificationConfigParams; result: null; stream: false };
  'agent/getAuthenticatedExtendedCard': { params: NoParams; result: AgentCard; stream: false };
}
