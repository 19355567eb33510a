// Generated from schema/a2a.v0.3.mjs by `npm run generate`; edit that file instead.

/** A2A protocol 0.3, JSON-RPC. */
export const a2aV03 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'a2a.v0.3',
  $defs: {
    /** Where a task stands in its life cycle. */
    TaskState: { type: 'string', enum: ['submitted', 'working', 'input-required', 'completed', 'canceled', 'failed', 'rejected', 'auth-required', 'unknown'] },
    /** Which side wrote a message. */
    Role: { type: 'string', enum: ['agent', 'user'] },
    /** Where a request carries an API key. */
    ApiKeyLocation: { type: 'string', enum: ['cookie', 'header', 'query'] },
    /** Text. */
    TextPart: {
      type: 'object',
      properties: {
        /** Tag. */
        kind: { type: 'string', const: 'text' },
        /** The text. */
        text: { type: 'string' },
        /** Free-form extra data. */
        metadata: { type: 'object' },
      },
      required: ['kind', 'text'],
    },
    /** A file, inline or by address. */
    File: {
      type: 'object',
      properties: {
        /** Content in base64. */
        bytes: { type: 'string', format: 'byte' },
        /** Address of the content. */
        uri: { type: 'string' },
        /** File name. */
        name: { type: 'string' },
        /** Media type. */
        mimeType: { type: 'string' },
      },
      oneOf: [{ required: ['bytes'] }, { required: ['uri'] }],
    },
    /** A file. */
    FilePart: {
      type: 'object',
      properties: {
        /** Tag. */
        kind: { type: 'string', const: 'file' },
        /** The file. */
        file: { $ref: '#/$defs/File' },
        /** Free-form extra data. */
        metadata: { type: 'object' },
      },
      required: ['kind', 'file'],
    },
    /** Structured data. */
    DataPart: {
      type: 'object',
      properties: {
        /** Tag. */
        kind: { type: 'string', const: 'data' },
        /** A JSON object. */
        data: { type: 'object' },
        /** Free-form extra data. */
        metadata: { type: 'object' },
      },
      required: ['kind', 'data'],
    },
    /** A single turn of a client or an agent. */
    Message: {
      type: 'object',
      properties: {
        /** Tag; requests may leave it out. */
        kind: { type: 'string', const: 'message' },
        /** Identifier its author gave the message. */
        messageId: { type: 'string', minLength: 1 },
        /** Conversation the message belongs to. */
        contextId: { type: 'string' },
        /** Task the message belongs to. */
        taskId: { type: 'string' },
        /** Side that wrote the message. */
        role: { $ref: '#/$defs/Role' },
        /** The content, in order. */
        parts: { type: 'array', items: { $ref: '#/$defs/Part' } },
        /** Free-form extra data. */
        metadata: { type: 'object' },
        /** URIs of the extensions that shaped this message. */
        extensions: { type: 'array', items: { type: 'string' } },
        /** Other tasks that this message refers to. */
        referenceTaskIds: { type: 'array', items: { type: 'string' } },
      },
      required: ['messageId', 'role', 'parts'],
    },
    /** An output of a task. */
    Artifact: {
      type: 'object',
      properties: {
        /** Identifier, unique within its task. */
        artifactId: { type: 'string', minLength: 1 },
        /** Name for people. */
        name: { type: 'string' },
        /** What it is, for people. */
        description: { type: 'string' },
        /** The content, in order. */
        parts: { type: 'array', items: { $ref: '#/$defs/Part' } },
        /** Free-form extra data. */
        metadata: { type: 'object' },
        /** URIs of the extensions that shaped this artifact. */
        extensions: { type: 'array', items: { type: 'string' } },
      },
      required: ['artifactId', 'parts'],
    },
    /** State of a task at one moment. */
    TaskStatus: {
      type: 'object',
      properties: {
        /** The state. */
        state: { $ref: '#/$defs/TaskState' },
        /** What the agent says about it. */
        message: { $ref: '#/$defs/Message' },
        /** When the state was entered, in ISO 8601. */
        timestamp: { type: 'string' },
      },
      required: ['state'],
    },
    /** A unit of work with its state, outputs and history. */
    Task: {
      type: 'object',
      properties: {
        /** Tag. */
        kind: { type: 'string', const: 'task' },
        /** Identifier the server gave the task. */
        id: { type: 'string', minLength: 1 },
        /** Conversation the task belongs to. */
        contextId: { type: 'string' },
        /** Current state. */
        status: { $ref: '#/$defs/TaskStatus' },
        /** Outputs so far. */
        artifacts: { type: 'array', items: { $ref: '#/$defs/Artifact' } },
        /** Messages so far, oldest first. */
        history: { type: 'array', items: { $ref: '#/$defs/Message' } },
        /** Free-form extra data. */
        metadata: { type: 'object' },
      },
      required: ['kind', 'id', 'contextId', 'status'],
    },
    /** Tells that a task has changed state. */
    TaskStatusUpdateEvent: {
      type: 'object',
      properties: {
        /** Tag. */
        kind: { type: 'string', const: 'status-update' },
        /** The task. */
        taskId: { type: 'string', minLength: 1 },
        /** Conversation of the task. */
        contextId: { type: 'string' },
        /** The state after the change. */
        status: { $ref: '#/$defs/TaskStatus' },
        /** Whether the stream ends with this event. */
        final: { type: 'boolean' },
        /** Free-form extra data. */
        metadata: { type: 'object' },
      },
      required: ['kind', 'taskId', 'contextId', 'status', 'final'],
    },
    /** Carries a new output of a task, or a further chunk of one. */
    TaskArtifactUpdateEvent: {
      type: 'object',
      properties: {
        /** Tag. */
        kind: { type: 'string', const: 'artifact-update' },
        /** The task. */
        taskId: { type: 'string', minLength: 1 },
        /** Conversation of the task. */
        contextId: { type: 'string' },
        /** The output, or the chunk. */
        artifact: { $ref: '#/$defs/Artifact' },
        /** Whether it continues the artifact of that id. */
        append: { type: 'boolean' },
        /** Whether nothing more will be added to this artifact. */
        lastChunk: { type: 'boolean' },
        /** Free-form extra data. */
        metadata: { type: 'object' },
      },
      required: ['kind', 'taskId', 'contextId', 'artifact'],
    },
    /** How the agent authenticates at a webhook. */
    PushNotificationAuthenticationInfo: {
      type: 'object',
      properties: {
        /** HTTP schemes that the webhook takes. */
        schemes: { type: 'array', items: { type: 'string' } },
        /** Credentials to use. */
        credentials: { type: 'string' },
      },
      required: ['schemes'],
    },
    /** A webhook. */
    PushNotificationConfig: {
      type: 'object',
      properties: {
        /** Identifier of the registration. */
        id: { type: 'string' },
        /** Address that updates are posted to. */
        url: { type: 'string', minLength: 1 },
        /** Opaque value that the webhook gets back. */
        token: { type: 'string' },
        /** How to authenticate there. */
        authentication: { $ref: '#/$defs/PushNotificationAuthenticationInfo' },
      },
      required: ['url'],
    },
    /** A webhook registered for one task. */
    TaskPushNotificationConfig: {
      type: 'object',
      properties: {
        /** The task. */
        taskId: { type: 'string', minLength: 1 },
        /** The webhook. */
        pushNotificationConfig: { $ref: '#/$defs/PushNotificationConfig' },
      },
      required: ['taskId', 'pushNotificationConfig'],
    },
    /** How the client wants a send handled. */
    MessageSendConfiguration: {
      type: 'object',
      properties: {
        /** Media types the client can take. */
        acceptedOutputModes: { type: 'array', items: { type: 'string' } },
        /** Most messages of the history to return. */
        historyLength: { type: 'integer', minimum: 0, maximum: 2147483647 },
        /** Webhook to register for the task. */
        pushNotificationConfig: { $ref: '#/$defs/PushNotificationConfig' },
        /** Wait for the task to end or to pause; absent is true. */
        blocking: { type: 'boolean' },
      },
    },
    /** Parameters of message/send and message/stream. */
    MessageSendParams: {
      type: 'object',
      properties: {
        /** The message. */
        message: { $ref: '#/$defs/Message' },
        /** How to handle it. */
        configuration: { $ref: '#/$defs/MessageSendConfiguration' },
        /** Free-form extra data. */
        metadata: { type: 'object' },
      },
      required: ['message'],
    },
    /** Parameters of tasks/cancel, tasks/resubscribe and tasks/pushNotificationConfig/list. */
    TaskIdParams: {
      type: 'object',
      properties: {
        /** The task. */
        id: { type: 'string', minLength: 1 },
        /** Free-form extra data. */
        metadata: { type: 'object' },
      },
      required: ['id'],
    },
    /** Parameters of tasks/get. */
    TaskQueryParams: {
      type: 'object',
      properties: {
        /** The task. */
        id: { type: 'string', minLength: 1 },
        /** Most messages of the history to return. */
        historyLength: { type: 'integer', minimum: 0, maximum: 2147483647 },
        /** Free-form extra data. */
        metadata: { type: 'object' },
      },
      required: ['id'],
    },
    /** Parameters of tasks/pushNotificationConfig/get. */
    GetTaskPushNotificationConfigParams: {
      type: 'object',
      properties: {
        /** The task. */
        id: { type: 'string', minLength: 1 },
        /** The registration; absent is the first one. */
        pushNotificationConfigId: { type: 'string' },
        /** Free-form extra data. */
        metadata: { type: 'object' },
      },
      required: ['id'],
    },
    /** Parameters of tasks/pushNotificationConfig/delete. */
    DeleteTaskPushNotificationConfigParams: {
      type: 'object',
      properties: {
        /** The task. */
        id: { type: 'string', minLength: 1 },
        /** The registration. */
        pushNotificationConfigId: { type: 'string', minLength: 1 },
        /** Free-form extra data. */
        metadata: { type: 'object' },
      },
      required: ['id', 'pushNotificationConfigId'],
    },
    /** Parameters of agent/getAuthenticatedExtendedCard: none. */
    NoParams: { type: 'object', properties: {} },
    /** Who runs an agent. */
    AgentProvider: {
      type: 'object',
      properties: {
        /** Name of the organization. */
        organization: { type: 'string' },
        /** Its website. */
        url: { type: 'string' },
      },
      required: ['organization', 'url'],
    },
    /** An extension that an agent speaks. */
    AgentExtension: {
      type: 'object',
      properties: {
        /** Its URI. */
        uri: { type: 'string', minLength: 1 },
        /** What the agent uses it for. */
        description: { type: 'string' },
        /** Whether clients must speak it. */
        required: { type: 'boolean' },
        /** Its settings. */
        params: { type: 'object' },
      },
      required: ['uri'],
    },
    /** What an agent can do beyond the basics. */
    AgentCapabilities: {
      type: 'object',
      properties: {
        /** Streams. */
        streaming: { type: 'boolean' },
        /** Posts updates to webhooks. */
        pushNotifications: { type: 'boolean' },
        /** Tells the past states of a task. */
        stateTransitionHistory: { type: 'boolean' },
        /** Extensions it speaks. */
        extensions: { type: 'array', items: { $ref: '#/$defs/AgentExtension' } },
      },
    },
    /** Something an agent is good at. */
    AgentSkill: {
      type: 'object',
      properties: {
        /** Identifier within the card. */
        id: { type: 'string', minLength: 1 },
        /** Name for people. */
        name: { type: 'string' },
        /** What it does. */
        description: { type: 'string' },
        /** Keywords. */
        tags: { type: 'array', items: { type: 'string' } },
        /** Things to ask for. */
        examples: { type: 'array', items: { type: 'string' } },
        /** Media types it takes, where they are not those of the card. */
        inputModes: { type: 'array', items: { type: 'string' } },
        /** Media types it gives, where they are not those of the card. */
        outputModes: { type: 'array', items: { type: 'string' } },
        /** Schemes it needs, each with its scopes; one entry is enough. */
        security: { type: 'array', items: { type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } } },
      },
      required: ['id', 'name', 'description', 'tags'],
    },
    /** An address of an agent. */
    AgentInterface: {
      type: 'object',
      properties: {
        /** The URL. */
        url: { type: 'string', minLength: 1 },
        /** What is spoken there: JSONRPC, GRPC or HTTP+JSON. */
        transport: { type: 'string', minLength: 1 },
      },
      required: ['url', 'transport'],
    },
    /** A signature over the card (JWS). */
    AgentCardSignature: {
      type: 'object',
      properties: {
        /** Protected header, base64url. */
        protected: { type: 'string', minLength: 1 },
        /** Signature, base64url. */
        signature: { type: 'string', minLength: 1 },
        /** Unprotected header. */
        header: { type: 'object' },
      },
      required: ['protected', 'signature'],
    },
    /** What an agent says about itself. */
    AgentCard: {
      type: 'object',
      properties: {
        /** Version of A2A that is spoken at `url`. */
        protocolVersion: { type: 'string', minLength: 1 },
        /** Name for people. */
        name: { type: 'string' },
        /** What it is for. */
        description: { type: 'string' },
        /** Where the preferred transport is spoken. */
        url: { type: 'string', minLength: 1 },
        /** What is spoken at `url`; absent is JSONRPC. */
        preferredTransport: { type: 'string' },
        /** Further addresses. */
        additionalInterfaces: { type: 'array', items: { $ref: '#/$defs/AgentInterface' } },
        /** Its icon. */
        iconUrl: { type: 'string' },
        /** Who runs it. */
        provider: { $ref: '#/$defs/AgentProvider' },
        /** Version of the agent. */
        version: { type: 'string' },
        /** Where it is documented. */
        documentationUrl: { type: 'string' },
        /** What it can do. */
        capabilities: { $ref: '#/$defs/AgentCapabilities' },
        /** Ways to authenticate, by name. */
        securitySchemes: { type: 'object', additionalProperties: { $ref: '#/$defs/SecurityScheme' } },
        /** Schemes it needs, each with its scopes; one entry is enough. */
        security: { type: 'array', items: { type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } } },
        /** Media types that skills take. */
        defaultInputModes: { type: 'array', items: { type: 'string' } },
        /** Media types that skills give. */
        defaultOutputModes: { type: 'array', items: { type: 'string' } },
        /** What it is good at. */
        skills: { type: 'array', items: { $ref: '#/$defs/AgentSkill' } },
        /** Whether callers get a fuller card once they are known. */
        supportsAuthenticatedExtendedCard: { type: 'boolean' },
        /** Signatures over the card. */
        signatures: { type: 'array', items: { $ref: '#/$defs/AgentCardSignature' } },
      },
      required: ['protocolVersion', 'name', 'description', 'url', 'version', 'capabilities', 'defaultInputModes', 'defaultOutputModes', 'skills'],
    },
    /** An API key. */
    APIKeySecurityScheme: {
      type: 'object',
      properties: {
        /** Tag. */
        type: { type: 'string', const: 'apiKey' },
        /** For people. */
        description: { type: 'string' },
        /** Where requests carry it. */
        in: { $ref: '#/$defs/ApiKeyLocation' },
        /** Name of the header, parameter or cookie. */
        name: { type: 'string', minLength: 1 },
      },
      required: ['type', 'in', 'name'],
    },
    /** HTTP authentication. */
    HTTPAuthSecurityScheme: {
      type: 'object',
      properties: {
        /** Tag. */
        type: { type: 'string', const: 'http' },
        /** For people. */
        description: { type: 'string' },
        /** Scheme of the Authorization header, such as Bearer. */
        scheme: { type: 'string', minLength: 1 },
        /** What a bearer token looks like. */
        bearerFormat: { type: 'string' },
      },
      required: ['type', 'scheme'],
    },
    /** OAuth 2.0. */
    OAuth2SecurityScheme: {
      type: 'object',
      properties: {
        /** Tag. */
        type: { type: 'string', const: 'oauth2' },
        /** For people. */
        description: { type: 'string' },
        /** The flows that are offered. */
        flows: { $ref: '#/$defs/OAuthFlows' },
        /** Metadata of the authorization server (RFC 8414). */
        oauth2MetadataUrl: { type: 'string' },
      },
      required: ['type', 'flows'],
    },
    /** OpenID Connect. */
    OpenIdConnectSecurityScheme: {
      type: 'object',
      properties: {
        /** Tag. */
        type: { type: 'string', const: 'openIdConnect' },
        /** For people. */
        description: { type: 'string' },
        /** Discovery document. */
        openIdConnectUrl: { type: 'string', minLength: 1 },
      },
      required: ['type', 'openIdConnectUrl'],
    },
    /** A client certificate. */
    MutualTLSSecurityScheme: {
      type: 'object',
      properties: {
        /** Tag. */
        type: { type: 'string', const: 'mutualTLS' },
        /** For people. */
        description: { type: 'string' },
      },
      required: ['type'],
    },
    /** Flows of OAuth 2.0. */
    OAuthFlows: {
      type: 'object',
      properties: {
        /** Authorization code. */
        authorizationCode: { $ref: '#/$defs/AuthorizationCodeOAuthFlow' },
        /** Client credentials. */
        clientCredentials: { $ref: '#/$defs/ClientCredentialsOAuthFlow' },
        /** Implicit. */
        implicit: { $ref: '#/$defs/ImplicitOAuthFlow' },
        /** Password of the resource owner. */
        password: { $ref: '#/$defs/PasswordOAuthFlow' },
      },
    },
    /** The authorization code flow. */
    AuthorizationCodeOAuthFlow: {
      type: 'object',
      properties: {
        /** Where the user signs in. */
        authorizationUrl: { type: 'string', minLength: 1 },
        /** Where tokens come from. */
        tokenUrl: { type: 'string', minLength: 1 },
        /** Where tokens are renewed. */
        refreshUrl: { type: 'string' },
        /** Scopes, each with its description. */
        scopes: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['authorizationUrl', 'tokenUrl', 'scopes'],
    },
    /** The client credentials flow. */
    ClientCredentialsOAuthFlow: {
      type: 'object',
      properties: {
        /** Where tokens come from. */
        tokenUrl: { type: 'string', minLength: 1 },
        /** Where tokens are renewed. */
        refreshUrl: { type: 'string' },
        /** Scopes, each with its description. */
        scopes: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['tokenUrl', 'scopes'],
    },
    /** The implicit flow. */
    ImplicitOAuthFlow: {
      type: 'object',
      properties: {
        /** Where the user signs in. */
        authorizationUrl: { type: 'string' },
        /** Where tokens are renewed. */
        refreshUrl: { type: 'string' },
        /** Scopes, each with its description. */
        scopes: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['authorizationUrl', 'scopes'],
    },
    /** The password flow. */
    PasswordOAuthFlow: {
      type: 'object',
      properties: {
        /** Where tokens come from. */
        tokenUrl: { type: 'string' },
        /** Where tokens are renewed. */
        refreshUrl: { type: 'string' },
        /** Scopes, each with its description. */
        scopes: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['tokenUrl', 'scopes'],
    },
    /** A piece of content. */
    Part: {
      type: 'object',
      properties: {
        /** Tells which of them it is. */
        kind: { type: 'string', enum: ['text', 'file', 'data'] },
      },
      required: ['kind'],
      discriminator: { propertyName: 'kind' },
      oneOf: [{ $ref: '#/$defs/TextPart' }, { $ref: '#/$defs/FilePart' }, { $ref: '#/$defs/DataPart' }],
    },
    /** Result of message/send. */
    SendResult: {
      type: 'object',
      properties: {
        /** Tells which of them it is. */
        kind: { type: 'string', enum: ['task', 'message'] },
      },
      required: ['kind'],
      discriminator: { propertyName: 'kind' },
      oneOf: [{ $ref: '#/$defs/Task' }, { $ref: '#/$defs/Message' }],
    },
    /** One event of a stream. */
    StreamEvent: {
      type: 'object',
      properties: {
        /** Tells which of them it is. */
        kind: { type: 'string', enum: ['task', 'message', 'status-update', 'artifact-update'] },
      },
      required: ['kind'],
      discriminator: { propertyName: 'kind' },
      oneOf: [{ $ref: '#/$defs/Task' }, { $ref: '#/$defs/Message' }, { $ref: '#/$defs/TaskStatusUpdateEvent' }, { $ref: '#/$defs/TaskArtifactUpdateEvent' }],
    },
    /** A way to authenticate. */
    SecurityScheme: {
      type: 'object',
      properties: {
        /** Tells which of them it is. */
        type: { type: 'string', enum: ['apiKey', 'http', 'oauth2', 'openIdConnect', 'mutualTLS'] },
      },
      required: ['type'],
      discriminator: { propertyName: 'type' },
      oneOf: [{ $ref: '#/$defs/APIKeySecurityScheme' }, { $ref: '#/$defs/HTTPAuthSecurityScheme' }, { $ref: '#/$defs/OAuth2SecurityScheme' }, { $ref: '#/$defs/OpenIdConnectSecurityScheme' }, { $ref: '#/$defs/MutualTLSSecurityScheme' }],
    },
  },
} as const;

/** The JSON-RPC methods: the definitions of what they take and return. */
export const a2aV03Methods = {
  'message/send': { params: 'MessageSendParams', result: 'SendResult', stream: false },
  'message/stream': { params: 'MessageSendParams', result: 'StreamEvent', stream: true },
  'tasks/get': { params: 'TaskQueryParams', result: 'Task', stream: false },
  'tasks/cancel': { params: 'TaskIdParams', result: 'Task', stream: false },
  'tasks/resubscribe': { params: 'TaskIdParams', result: 'StreamEvent', stream: true },
  'tasks/pushNotificationConfig/set': { params: 'TaskPushNotificationConfig', result: 'TaskPushNotificationConfig', stream: false },
  'tasks/pushNotificationConfig/get': { params: 'GetTaskPushNotificationConfigParams', result: 'TaskPushNotificationConfig', stream: false },
  'tasks/pushNotificationConfig/list': { params: 'TaskIdParams', result: 'TaskPushNotificationConfig[]', stream: false },
  'tasks/pushNotificationConfig/delete': { params: 'DeleteTaskPushNotificationConfigParams', result: 'null', stream: false },
  'agent/getAuthenticatedExtendedCard': { params: 'NoParams', result: 'AgentCard', stream: false },
} as const;
