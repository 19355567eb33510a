/** A MUST of the specification in our own words. `later`: who keeps it, or what has to be built first. */
interface Requirement {
  readonly section: string;
  readonly text: string;
  readonly later?: 'client' | 'another binding' | 'the application';
}

/** Every MUST of §3 and §5 to §9 of A2A 1.0; §11 comes with its binding. A test cites what it shows with `verifies`. */
const REQUIREMENTS = {
  '3.1.1-returns-task-or-message': {
    section: '3.1.1',
    text: 'SendMessage answers with a task or a message; work may go on afterwards.',
  },
  '3.1.1-terminal-refused': { section: '3.1.1', text: 'A task that has ended takes no further messages.' },
  '3.1.2-stream': { section: '3.1.2', text: 'SendStreamingMessage opens a stream of updates.' },
  '3.1.2-message-only': {
    section: '3.1.2',
    text: 'An answer that is a message is the one event of its stream.',
  },
  '3.1.2-task-first': { section: '3.1.2', text: 'An answer that is a task begins its stream with the task.' },
  '3.1.2-ends-terminal': { section: '3.1.2', text: 'The stream closes when the task has ended.' },
  '3.1.2-immediate-feedback': {
    section: '3.1.2',
    text: 'Progress and intermediate results are sent as they come.',
  },
  '3.1.4-no-artifacts': { section: '3.1.4', text: 'Listed tasks have no field artifacts unless asked for.' },
  '3.1.4-next-page-token': {
    section: '3.1.4',
    text: 'nextPageToken is always there, and empty on the last page.',
  },
  '3.1.4-own-tasks': { section: '3.1.4', text: 'Only tasks that the caller may see are listed.' },
  '3.1.4-cursor': { section: '3.1.4', text: 'Pages follow a cursor.' },
  '3.1.4-sorted': { section: '3.1.4', text: 'Tasks are sorted by status timestamp, newest first.' },
  '3.1.6-task-first': { section: '3.1.6', text: 'A subscription begins with the task as it is.' },
  '3.1.6-ends-terminal': { section: '3.1.6', text: 'A subscription ends when the task has ended.' },
  '3.1.6-terminal-refused': { section: '3.1.6', text: 'A task that has ended can not be subscribed to.' },
  '3.1.7-webhook': {
    section: '3.1.7',
    text: 'A push config makes a webhook of the task, for as long as the task lives.',
  },
  '3.1.8-details': { section: '3.1.8', text: 'A push config can be read.' },
  '3.1.8-unknown': {
    section: '3.1.8',
    text: 'Reading an unknown or foreign push config fails.',
  },
  '3.1.9-all': { section: '3.1.9', text: 'All push configs of a task are listed.' },
  '3.1.10-delete': {
    section: '3.1.10',
    text: 'A push config is deleted for good, and deleting twice is fine.',
  },
  '3.1.11-authenticates': {
    section: '3.1.11',
    text: 'Who asks for the extended card authenticates.',
  },
  '3.2.2-blocking': { section: '3.2.2', text: 'A blocking send waits for an end or an interrupted state.' },
  '3.2.2-blocking-latest': {
    section: '3.2.2',
    text: 'Its answer is the newest task, with artifacts and status.',
  },
  '3.2.2-return-immediately': {
    section: '3.2.2',
    text: 'With returnImmediately the new task is the answer, at once.',
  },
  '3.2.6-case-insensitive': { section: '3.2.6', text: 'Names of service parameters do not depend on case.' },
  '3.2.6-custom-binding': {
    section: '3.2.6',
    text: 'A custom binding says how it carries service parameters.',
    later: 'another binding',
  },
  '3.3.2-errors': { section: '3.3.2', text: 'What fails is answered with a fitting error.' },
  '3.3.2-authentication': { section: '3.3.2', text: 'Missing or wrong credentials are refused.' },
  '3.3.2-authorization': {
    section: '3.3.2',
    text: 'A caller without the right to an operation gets an authorization error.',
  },
  '3.3.2-no-existence': { section: '3.3.2', text: 'What a caller may not see does not exist for it.' },
  '3.3.2-validate': { section: '3.3.2', text: 'Parameters are checked before anything is done.' },
  '3.3.2-not-found': { section: '3.3.2', text: 'An unknown or invisible resource is not found.' },
  '3.3.2-error-shape': { section: '3.3.2', text: 'An error has a code and a message.' },
  '3.3.2-typed-details': { section: '3.3.2', text: 'Each detail of an error says its @type.' },
  '3.3.4-push': { section: '3.3.4', text: 'Undeclared push notifications are refused in every operation.' },
  '3.3.4-streaming': { section: '3.3.4', text: 'Undeclared streaming is refused.' },
  '3.3.4-extended-card': { section: '3.3.4', text: 'An undeclared extended card is refused.' },
  '3.3.4-extended-card-missing': {
    section: '3.3.4',
    text: 'A declared extended card that is not there is an error of its own.',
  },
  '3.3.4-extensions': {
    section: '3.3.4',
    text: 'A required extension that the client did not name is refused.',
  },
  '3.4.1-context-returned': { section: '3.4.1', text: 'A contextId that was made is in the answer.' },
  '3.4.1-context-refused': {
    section: '3.4.1',
    text: 'A contextId that can not be taken is an error, never replaced.',
  },
  '3.4.2-task-id-unique': { section: '3.4.2', text: 'Each new task has an id of its own.' },
  '3.4.2-task-id-returned': { section: '3.4.2', text: 'The id is in the task that the client gets.' },
  '3.4.2-existing-task': { section: '3.4.2', text: 'A taskId in a message names a task that is there.' },
  '3.4.2-task-not-found': { section: '3.4.2', text: 'A taskId of no task is TaskNotFoundError.' },
  '3.4.3-context-inferred': { section: '3.4.3', text: 'A taskId alone implies its contextId.' },
  '3.4.3-context-mismatch': { section: '3.4.3', text: 'A taskId with another contextId is refused.' },
  '3.5.2-order': { section: '3.5.2', text: 'Events come in the order in which they were made.' },
  '3.5.2-broadcast': { section: '3.5.2', text: 'Every stream of a task gets its events.' },
  '3.5.2-same-order': { section: '3.5.2', text: 'Every stream gets the same events in the same order.' },
  '3.5.2-close-one': { section: '3.5.2', text: 'Closing one stream leaves the others.' },
  '3.6-patch-ignored': { section: '3.6', text: 'Patch numbers of versions do not count.' },
  '3.6.1-header': { section: '3.6.1', text: 'Clients send A2A-Version.', later: 'client' },
  '3.6.2-semantics': { section: '3.6.2', text: 'A request is processed as its version says.' },
  '3.6.2-version-not-supported': {
    section: '3.6.2',
    text: 'A version that is not served is VersionNotSupportedError.',
  },
  '3.6.2-empty': { section: '3.6.2', text: 'No version means 0.3.' },
  '3.6.3-negotiation': {
    section: '3.6.3',
    text: 'Client libraries help to negotiate versions.',
    later: 'client',
  },
  '3.7-not-reliable': {
    section: '3.7',
    text: 'Clients do not rely on messages for what is critical.',
    later: 'client',
  },
  '5.1-equivalent': {
    section: '5.1',
    text: 'All bindings have the same operations, results, errors and authentication.',
    later: 'another binding',
  },
  '5.2-declare-protocols': { section: '5.2', text: 'The card declares every protocol that is served.' },
  '5.4-codes': { section: '5.4', text: 'Each error of A2A has the code of the table.' },
  '5.4-custom-binding': {
    section: '5.4',
    text: 'A custom binding maps every error.',
    later: 'another binding',
  },
  '5.5-camel-case': { section: '5.5', text: 'Fields are written in camelCase.' },
  '5.5-enums': { section: '5.5', text: 'Enums are written as their names.' },
  '5.6.1-utc': { section: '5.6.1', text: 'Timestamps are ISO 8601 in UTC.' },
  '5.6.1-parse': { section: '5.6.1', text: 'Timestamps are read as ISO 8601.' },
  '5.6.1-z': { section: '5.6.1', text: 'Timestamps are written with Z and no other offset.' },
  '5.7-required': { section: '5.7', text: 'Required fields are there and set.' },
  '5.7-arrays': { section: '5.7', text: 'Required arrays have an element.' },
  '5.8-new-uri': {
    section: '5.8',
    text: 'A breaking change of a custom binding gets a new URI.',
    later: 'another binding',
  },
  '7.1-encryption': {
    section: '7.1',
    text: 'In production the connection is encrypted.',
    later: 'the application',
  },
  '7.4-authenticate': { section: '7.4', text: 'Every request is authenticated as the card declares.' },
  '7.6.1-task': { section: '7.6.1', text: 'An operation that needs authorization is a task.' },
  '7.6.1-auth-state': { section: '7.6.1', text: 'It goes to AUTH_REQUIRED.' },
  '7.6.1-message': { section: '7.6.1', text: 'Its status says what is needed.' },
  '7.6.1-out-of-band': { section: '7.6.1', text: 'The credential can come out of band.' },
  '8.1-card': { section: '8.1', text: 'A card is served.' },
  '8.3-protocols': { section: '8.3', text: 'The card declares its protocols.' },
  '8.3-interfaces': { section: '8.3.1', text: 'Each interface tells its transport and URL.' },
  '8.3.2-selection': {
    section: '8.3.2',
    text: 'Clients take the first interface that they know, its URL and its tenant.',
    later: 'client',
  },
  '8.4.1-canonical': {
    section: '8.4.1',
    text: 'What is signed is canonical JSON of the card.',
  },
  '8.4.1-presence': {
    section: '8.4.1',
    text: 'Unset fields are left out, set and required ones are in, defaults are not.',
  },
  '8.4.1-no-signatures': {
    section: '8.4.1',
    text: 'The signatures are not part of what is signed.',
  },
  '8.4.2-header': { section: '8.4.2', text: 'The protected header has alg, typ and kid.' },
  '8.4.3-verification': {
    section: '8.4.3',
    text: 'Clients verify in six steps, never with expired keys.',
    later: 'client',
  },
  '9.2-headers': { section: '9.2', text: 'Service parameters are HTTP headers.' },
  '9.3-jsonrpc': { section: '9.3', text: 'A request is JSON-RPC 2.0.' },
  '9.5-typed-details': { section: '9.5', text: 'Each object in error.data says its @type.' },
} as const satisfies Record<string, Requirement>;

/** What two front-ends and two workers do together, in one process on memory and in processes of their own on Redis. */
const CASES = {
  H1: { section: '3.1.6', text: 'A task is followed on the other instance.' },
  H2: { section: '3.5.2', text: 'All streams of a task are the same.' },
  H3: { section: '3.5.2', text: 'Closing one stream leaves the others.' },
  H4: { section: '3.1.6', text: 'A subscription to a task that waits for input stays to the end.' },
  H5: { section: '9.4.2', text: 'An error before the first event is no stream.' },
  H6: { section: '9.4.2', text: 'A stream goes on after its Last-Event-ID, or begins again.' },
  H7: {
    section: '9.4.2',
    text: 'A reader that never reads is cut; the others and the memory are not touched.',
  },
  H8: { section: '3.2.2', text: 'A blocking send is answered by what has seen it.' },
  H9: { section: '3.4.3', text: 'Concurrent sends to one task are all answered.' },
  H10: { section: '3.5.2', text: 'A client that goes away does not touch the run.' },
  H11: { section: '3.1.1', text: 'An agent answers with a message or with a task.' },
  H12: { section: '3.2.2', text: 'returnImmediately does not wait for the agent.' },
  H13: { section: '3.4.2', text: 'One messageId may start many tasks.' },
  H14: { section: '3.5.2', text: 'Streams of an instance that shuts down go on at the other one.' },
  H15: { section: '3.5', text: 'Every event comes to a webhook at least once and in order.' },
} as const satisfies Record<string, Requirement>;

const ALL = { ...REQUIREMENTS, ...CASES };

/** Name of a requirement. */
export type RequirementId = keyof typeof ALL;

/** The requirements by name. */
export const requirements: Readonly<Record<RequirementId, Requirement>> = ALL;

/** Says that the test around it shows these. The gate in requirements.test.ts reads it out of the source. */
export function verifies(...ids: readonly RequirementId[]): void {
  for (const id of ids)
    if (!Object.hasOwn(requirements, id)) throw new Error(`there is no requirement ${id}`);
}
