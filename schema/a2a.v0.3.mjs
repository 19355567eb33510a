// @ts-check
/**
 * The shapes of A2A 0.3 over JSON-RPC, in the notation of a2a.v1.mjs.
 *
 * Two things are more: a type in quotes is a constant (the `kind` of a message), and `unions` lists the messages that
 * such a constant tells apart. Requests leave the `kind` of a Message out, as all examples of the specification do.
 *
 * @type {import('./model.mjs').Model}
 */
export default {
  id: 'a2a.v0.3',
  title: 'A2A protocol 0.3, JSON-RPC',

  enums: {
    TaskState: {
      doc: 'Where a task stands in its life cycle.',
      prefix: '',
      values: {
        submitted: 'Accepted, work has not begun.',
        working: 'The agent is busy with it.',
        'input-required': 'Waiting for another message of the client.',
        completed: 'Ended well (terminal).',
        canceled: 'Stopped on request (terminal).',
        failed: 'Ended by an error (terminal).',
        rejected: 'The agent declined to do it (terminal).',
        'auth-required': 'Waiting for credentials.',
        unknown: 'Not stated.',
      },
    },
    Role: {
      doc: 'Which side wrote a message.',
      prefix: '',
      values: { agent: 'The agent.', user: 'The client.' },
    },
    ApiKeyLocation: {
      doc: 'Where a request carries an API key.',
      prefix: '',
      values: { cookie: 'A cookie.', header: 'A header.', query: 'A query parameter.' },
    },
  },

  unions: {
    Part: { doc: 'A piece of content.', by: 'kind', of: ['TextPart', 'FilePart', 'DataPart'] },
    SendResult: { doc: 'Result of message/send.', by: 'kind', of: ['Task', 'Message'] },
    StreamEvent: {
      doc: 'One event of a stream.',
      by: 'kind',
      of: ['Task', 'Message', 'TaskStatusUpdateEvent', 'TaskArtifactUpdateEvent'],
    },
    SecurityScheme: {
      doc: 'A way to authenticate.',
      by: 'type',
      of: [
        'APIKeySecurityScheme',
        'HTTPAuthSecurityScheme',
        'OAuth2SecurityScheme',
        'OpenIdConnectSecurityScheme',
        'MutualTLSSecurityScheme',
      ],
    },
  },

  messages: {
    TextPart: {
      doc: 'Text.',
      fields: {
        'kind!': ["'text'", 'Tag.'],
        'text!': ['string', 'The text.', { blank: true }],
        metadata: ['struct', 'Free-form extra data.'],
      },
    },
    File: {
      doc: 'A file, inline or by address.',
      oneof: { content: ['bytes', 'uri'] },
      fields: {
        bytes: ['bytes', 'Content in base64.'],
        uri: ['string', 'Address of the content.'],
        name: ['string', 'File name.'],
        mimeType: ['string', 'Media type.'],
      },
    },
    FilePart: {
      doc: 'A file.',
      fields: {
        'kind!': ["'file'", 'Tag.'],
        'file!': ['File', 'The file.'],
        metadata: ['struct', 'Free-form extra data.'],
      },
    },
    DataPart: {
      doc: 'Structured data.',
      fields: {
        'kind!': ["'data'", 'Tag.'],
        'data!': ['struct', 'A JSON object.'],
        metadata: ['struct', 'Free-form extra data.'],
      },
    },
    Message: {
      doc: 'A single turn of a client or an agent.',
      fields: {
        kind: ["'message'", 'Tag; requests may leave it out.'],
        'messageId!': ['string', 'Identifier its author gave the message.'],
        contextId: ['string', 'Conversation the message belongs to.'],
        taskId: ['string', 'Task the message belongs to.'],
        'role!': ['Role', 'Side that wrote the message.'],
        'parts!': ['Part[]', 'The content, in order.', { blank: true }],
        metadata: ['struct', 'Free-form extra data.'],
        extensions: ['string[]', 'URIs of the extensions that shaped this message.'],
        referenceTaskIds: ['string[]', 'Other tasks that this message refers to.'],
      },
    },
    Artifact: {
      doc: 'An output of a task.',
      fields: {
        'artifactId!': ['string', 'Identifier, unique within its task.'],
        name: ['string', 'Name for people.'],
        description: ['string', 'What it is, for people.'],
        'parts!': ['Part[]', 'The content, in order.', { blank: true }],
        metadata: ['struct', 'Free-form extra data.'],
        extensions: ['string[]', 'URIs of the extensions that shaped this artifact.'],
      },
    },
    TaskStatus: {
      doc: 'State of a task at one moment.',
      fields: {
        'state!': ['TaskState', 'The state.'],
        message: ['Message', 'What the agent says about it.'],
        timestamp: ['string', 'When the state was entered, in ISO 8601.'],
      },
    },
    Task: {
      doc: 'A unit of work with its state, outputs and history.',
      fields: {
        'kind!': ["'task'", 'Tag.'],
        'id!': ['string', 'Identifier the server gave the task.'],
        'contextId!': ['string', 'Conversation the task belongs to.', { blank: true }],
        'status!': ['TaskStatus', 'Current state.'],
        artifacts: ['Artifact[]', 'Outputs so far.'],
        history: ['Message[]', 'Messages so far, oldest first.'],
        metadata: ['struct', 'Free-form extra data.'],
      },
    },
    TaskStatusUpdateEvent: {
      doc: 'Tells that a task has changed state.',
      fields: {
        'kind!': ["'status-update'", 'Tag.'],
        'taskId!': ['string', 'The task.'],
        'contextId!': ['string', 'Conversation of the task.', { blank: true }],
        'status!': ['TaskStatus', 'The state after the change.'],
        'final!': ['bool', 'Whether the stream ends with this event.'],
        metadata: ['struct', 'Free-form extra data.'],
      },
    },
    TaskArtifactUpdateEvent: {
      doc: 'Carries a new output of a task, or a further chunk of one.',
      fields: {
        'kind!': ["'artifact-update'", 'Tag.'],
        'taskId!': ['string', 'The task.'],
        'contextId!': ['string', 'Conversation of the task.', { blank: true }],
        'artifact!': ['Artifact', 'The output, or the chunk.'],
        append: ['bool', 'Whether it continues the artifact of that id.'],
        lastChunk: ['bool', 'Whether nothing more will be added to this artifact.'],
        metadata: ['struct', 'Free-form extra data.'],
      },
    },

    PushNotificationAuthenticationInfo: {
      doc: 'How the agent authenticates at a webhook.',
      fields: {
        'schemes!': ['string[]', 'HTTP schemes that the webhook takes.', { blank: true }],
        credentials: ['string', 'Credentials to use.'],
      },
    },
    PushNotificationConfig: {
      doc: 'A webhook.',
      fields: {
        id: ['string', 'Identifier of the registration.'],
        'url!': ['string', 'Address that updates are posted to.'],
        token: ['string', 'Opaque value that the webhook gets back.'],
        authentication: ['PushNotificationAuthenticationInfo', 'How to authenticate there.'],
      },
    },
    TaskPushNotificationConfig: {
      doc: 'A webhook registered for one task.',
      fields: {
        'taskId!': ['string', 'The task.'],
        'pushNotificationConfig!': ['PushNotificationConfig', 'The webhook.'],
      },
    },

    MessageSendConfiguration: {
      doc: 'How the client wants a send handled.',
      fields: {
        acceptedOutputModes: ['string[]', 'Media types the client can take.'],
        historyLength: ['int32', 'Most messages of the history to return.', { min: 0 }],
        pushNotificationConfig: ['PushNotificationConfig', 'Webhook to register for the task.'],
        blocking: ['bool', 'Wait for the task to end or to pause; absent is true.'],
      },
    },
    MessageSendParams: {
      doc: 'Parameters of message/send and message/stream.',
      fields: {
        'message!': ['Message', 'The message.'],
        configuration: ['MessageSendConfiguration', 'How to handle it.'],
        metadata: ['struct', 'Free-form extra data.'],
      },
    },
    TaskIdParams: {
      doc: 'Parameters of tasks/cancel, tasks/resubscribe and tasks/pushNotificationConfig/list.',
      fields: { 'id!': ['string', 'The task.'], metadata: ['struct', 'Free-form extra data.'] },
    },
    TaskQueryParams: {
      doc: 'Parameters of tasks/get.',
      fields: {
        'id!': ['string', 'The task.'],
        historyLength: ['int32', 'Most messages of the history to return.', { min: 0 }],
        metadata: ['struct', 'Free-form extra data.'],
      },
    },
    GetTaskPushNotificationConfigParams: {
      doc: 'Parameters of tasks/pushNotificationConfig/get.',
      fields: {
        'id!': ['string', 'The task.'],
        pushNotificationConfigId: ['string', 'The registration; absent is the first one.'],
        metadata: ['struct', 'Free-form extra data.'],
      },
    },
    DeleteTaskPushNotificationConfigParams: {
      doc: 'Parameters of tasks/pushNotificationConfig/delete.',
      fields: {
        'id!': ['string', 'The task.'],
        'pushNotificationConfigId!': ['string', 'The registration.'],
        metadata: ['struct', 'Free-form extra data.'],
      },
    },
    NoParams: { doc: 'Parameters of agent/getAuthenticatedExtendedCard: none.', fields: {} },

    AgentProvider: {
      doc: 'Who runs an agent.',
      fields: {
        'organization!': ['string', 'Name of the organization.', { blank: true }],
        'url!': ['string', 'Its website.', { blank: true }],
      },
    },
    AgentExtension: {
      doc: 'An extension that an agent speaks.',
      fields: {
        'uri!': ['string', 'Its URI.'],
        description: ['string', 'What the agent uses it for.'],
        required: ['bool', 'Whether clients must speak it.'],
        params: ['struct', 'Its settings.'],
      },
    },
    AgentCapabilities: {
      doc: 'What an agent can do beyond the basics.',
      fields: {
        streaming: ['bool', 'Streams.'],
        pushNotifications: ['bool', 'Posts updates to webhooks.'],
        stateTransitionHistory: ['bool', 'Tells the past states of a task.'],
        extensions: ['AgentExtension[]', 'Extensions it speaks.'],
      },
    },
    AgentSkill: {
      doc: 'Something an agent is good at.',
      fields: {
        'id!': ['string', 'Identifier within the card.'],
        'name!': ['string', 'Name for people.', { blank: true }],
        'description!': ['string', 'What it does.', { blank: true }],
        'tags!': ['string[]', 'Keywords.', { blank: true }],
        examples: ['string[]', 'Things to ask for.'],
        inputModes: ['string[]', 'Media types it takes, where they are not those of the card.'],
        outputModes: ['string[]', 'Media types it gives, where they are not those of the card.'],
        security: ['map<string[]>[]', 'Schemes it needs, each with its scopes; one entry is enough.'],
      },
    },
    AgentInterface: {
      doc: 'An address of an agent.',
      fields: {
        'url!': ['string', 'The URL.'],
        'transport!': ['string', 'What is spoken there: JSONRPC, GRPC or HTTP+JSON.'],
      },
    },
    AgentCardSignature: {
      doc: 'A signature over the card (JWS).',
      fields: {
        'protected!': ['string', 'Protected header, base64url.'],
        'signature!': ['string', 'Signature, base64url.'],
        header: ['struct', 'Unprotected header.'],
      },
    },
    AgentCard: {
      doc: 'What an agent says about itself.',
      fields: {
        'protocolVersion!': ['string', 'Version of A2A that is spoken at `url`.'],
        'name!': ['string', 'Name for people.', { blank: true }],
        'description!': ['string', 'What it is for.', { blank: true }],
        'url!': ['string', 'Where the preferred transport is spoken.'],
        preferredTransport: ['string', 'What is spoken at `url`; absent is JSONRPC.'],
        additionalInterfaces: ['AgentInterface[]', 'Further addresses.'],
        iconUrl: ['string', 'Its icon.'],
        provider: ['AgentProvider', 'Who runs it.'],
        'version!': ['string', 'Version of the agent.', { blank: true }],
        documentationUrl: ['string', 'Where it is documented.'],
        'capabilities!': ['AgentCapabilities', 'What it can do.'],
        securitySchemes: ['map<SecurityScheme>', 'Ways to authenticate, by name.'],
        security: ['map<string[]>[]', 'Schemes it needs, each with its scopes; one entry is enough.'],
        'defaultInputModes!': ['string[]', 'Media types that skills take.', { blank: true }],
        'defaultOutputModes!': ['string[]', 'Media types that skills give.', { blank: true }],
        'skills!': ['AgentSkill[]', 'What it is good at.', { blank: true }],
        supportsAuthenticatedExtendedCard: ['bool', 'Whether callers get a fuller card once they are known.'],
        signatures: ['AgentCardSignature[]', 'Signatures over the card.'],
      },
    },

    APIKeySecurityScheme: {
      doc: 'An API key.',
      fields: {
        'type!': ["'apiKey'", 'Tag.'],
        description: ['string', 'For people.'],
        'in!': ['ApiKeyLocation', 'Where requests carry it.'],
        'name!': ['string', 'Name of the header, parameter or cookie.'],
      },
    },
    HTTPAuthSecurityScheme: {
      doc: 'HTTP authentication.',
      fields: {
        'type!': ["'http'", 'Tag.'],
        description: ['string', 'For people.'],
        'scheme!': ['string', 'Scheme of the Authorization header, such as Bearer.'],
        bearerFormat: ['string', 'What a bearer token looks like.'],
      },
    },
    OAuth2SecurityScheme: {
      doc: 'OAuth 2.0.',
      fields: {
        'type!': ["'oauth2'", 'Tag.'],
        description: ['string', 'For people.'],
        'flows!': ['OAuthFlows', 'The flows that are offered.'],
        oauth2MetadataUrl: ['string', 'Metadata of the authorization server (RFC 8414).'],
      },
    },
    OpenIdConnectSecurityScheme: {
      doc: 'OpenID Connect.',
      fields: {
        'type!': ["'openIdConnect'", 'Tag.'],
        description: ['string', 'For people.'],
        'openIdConnectUrl!': ['string', 'Discovery document.'],
      },
    },
    MutualTLSSecurityScheme: {
      doc: 'A client certificate.',
      fields: { 'type!': ["'mutualTLS'", 'Tag.'], description: ['string', 'For people.'] },
    },
    OAuthFlows: {
      doc: 'Flows of OAuth 2.0.',
      fields: {
        authorizationCode: ['AuthorizationCodeOAuthFlow', 'Authorization code.'],
        clientCredentials: ['ClientCredentialsOAuthFlow', 'Client credentials.'],
        implicit: ['ImplicitOAuthFlow', 'Implicit.'],
        password: ['PasswordOAuthFlow', 'Password of the resource owner.'],
      },
    },
    AuthorizationCodeOAuthFlow: {
      doc: 'The authorization code flow.',
      fields: {
        'authorizationUrl!': ['string', 'Where the user signs in.'],
        'tokenUrl!': ['string', 'Where tokens come from.'],
        refreshUrl: ['string', 'Where tokens are renewed.'],
        'scopes!': ['map<string>', 'Scopes, each with its description.'],
      },
    },
    ClientCredentialsOAuthFlow: {
      doc: 'The client credentials flow.',
      fields: {
        'tokenUrl!': ['string', 'Where tokens come from.'],
        refreshUrl: ['string', 'Where tokens are renewed.'],
        'scopes!': ['map<string>', 'Scopes, each with its description.'],
      },
    },
    ImplicitOAuthFlow: {
      doc: 'The implicit flow.',
      fields: {
        'authorizationUrl!': ['string', 'Where the user signs in.', { blank: true }],
        refreshUrl: ['string', 'Where tokens are renewed.'],
        'scopes!': ['map<string>', 'Scopes, each with its description.'],
      },
    },
    PasswordOAuthFlow: {
      doc: 'The password flow.',
      fields: {
        'tokenUrl!': ['string', 'Where tokens come from.', { blank: true }],
        refreshUrl: ['string', 'Where tokens are renewed.'],
        'scopes!': ['map<string>', 'Scopes, each with its description.'],
      },
    },
  },

  methods: {
    'message/send': { params: 'MessageSendParams', result: 'SendResult' },
    'message/stream': { params: 'MessageSendParams', result: 'StreamEvent', stream: true },
    'tasks/get': { params: 'TaskQueryParams', result: 'Task' },
    'tasks/cancel': { params: 'TaskIdParams', result: 'Task' },
    'tasks/resubscribe': { params: 'TaskIdParams', result: 'StreamEvent', stream: true },
    'tasks/pushNotificationConfig/set': {
      params: 'TaskPushNotificationConfig',
      result: 'TaskPushNotificationConfig',
    },
    'tasks/pushNotificationConfig/get': {
      params: 'GetTaskPushNotificationConfigParams',
      result: 'TaskPushNotificationConfig',
    },
    'tasks/pushNotificationConfig/list': {
      params: 'TaskIdParams',
      result: 'TaskPushNotificationConfig[]',
    },
    'tasks/pushNotificationConfig/delete': {
      params: 'DeleteTaskPushNotificationConfigParams',
      result: 'null',
    },
    'agent/getAuthenticatedExtendedCard': { params: 'NoParams', result: 'AgentCard' },
  },
};
