import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import ts from 'typescript';

jest.setTimeout(60_000); // the first question makes the compiler read the library

const root = join(__dirname, '../..');
const probeFile = join(root, '__tests__/protocol/probe.ts');

/** What TypeScript says in an editor about a piece of code that uses the generated types. */
function editor(options: ts.CompilerOptions = {}): {
  /** The hover at the `^` in the code, comment included. */
  hover: (code: string) => string;
  errors: (code: string) => string[];
} {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file))
    .config as object;
  const { compilerOptions } = config as { compilerOptions: object };
  const base = ts.convertCompilerOptionsFromJson(compilerOptions, root).options;
  const settings = { ...base, allowImportingTsExtensions: true, noUnusedLocals: false, ...options };
  const probe = { text: '', version: 0 };
  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => settings,
    getScriptFileNames: () => [probeFile],
    getScriptVersion: (file) => (file === probeFile ? String(probe.version) : '0'),
    getScriptSnapshot: (file) => {
      const text = file === probeFile ? probe.text : ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (to) => ts.getDefaultLibFilePath(to),
    fileExists: (file) => file === probeFile || ts.sys.fileExists(file),
    readFile: (file) => ts.sys.readFile(file),
    directoryExists: (folder) => ts.sys.directoryExists(folder),
    getDirectories: (folder) => ts.sys.getDirectories(folder),
  };
  const service = ts.createLanguageService(host);
  const write = (code: string): void => {
    probe.text = `${IMPORTS}\n${code}`;
    probe.version += 1;
  };
  return {
    hover: (code) => {
      const at = code.indexOf('^');
      write(code.replace('^', ''));
      const info = service.getQuickInfoAtPosition(probeFile, IMPORTS.length + 1 + at);
      const comment = ts.displayPartsToString(info?.documentation);
      const text = ts.displayPartsToString(info?.displayParts).replace(/\s+/g, ' ');
      return comment === '' ? text : `${text} // ${comment}`;
    },
    errors: (code) => {
      write(code);
      const found = [
        ...service.getSyntacticDiagnostics(probeFile),
        ...service.getSemanticDiagnostics(probeFile),
      ];
      return found.map(({ messageText }) =>
        ts.flattenDiagnosticMessageText(messageText, ' ').replace(/\s+/g, ' '),
      );
    },
  };
}

const IMPORTS = `
import type { AgentCard, Definitions, Message, Methods, Part, SecurityScheme, SendMessageRequest, StreamResponse, Task, TaskState, TaskStatus } from '../../lib/protocol/v1.ts';
import { checkDefinition, checkV1 } from '../../lib/protocol/validate.ts';
declare const task: Task; declare const part: Part; declare const event: StreamResponse; declare const given: unknown;
const message: Message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'a' }] };
`;

describe('in an editor', () => {
  const { hover, errors } = editor();

  it.each([
    ['^task;', 'const task: Task'],
    ['task.^status;', '(property) status: TaskStatus // Current state.'],
    ['task.^history;', '(property) history?: Message[] | undefined // Messages so far, oldest first.'],
    ['task.^contextId;', '(property) contextId?: string | undefined // Conversation the task belongs to.'],
    [
      'task.^metadata;',
      '(property) metadata?: { [x: string]: unknown; } | undefined // Free-form extra data.',
    ],
    [
      'task.status.^state;',
      '(property) state: "TASK_STATE_SUBMITTED" | "TASK_STATE_WORKING" | "TASK_STATE_COMPLETED" | "TASK_STATE_FAILED" | "TASK_STATE_CANCELED" | "TASK_STATE_INPUT_REQUIRED" | "TASK_STATE_REJECTED" | "TASK_STATE_AUTH_REQUIRED" // The state.',
    ],
    [
      'type T = ^Task;',
      '(alias) interface Task import Task // A unit of work with its state, outputs and history.',
    ],
    [
      'if (part.text !== undefined) ^part;',
      'const part: { text: string; raw?: never; url?: never; data?: never; metadata?: { [x: string]: unknown; }; filename?: string; mediaType?: string; }',
    ],
    ['if (part.text !== undefined) part.^text;', '(property) text: string // Text content.'],
    ['if (event.task !== undefined) event.^task;', '(property) task: Task // The task as it stands.'],
    [
      "const checked = checkV1('SendMessage', given); if ('params' in checked) checked.^params;",
      '(property) params: SendMessageRequest',
    ],
    [
      "const checked = checkDefinition('AgentCard', given); if ('value' in checked) checked.^value;",
      '(property) value: AgentCard',
    ],
    ["declare const m: Methods['ListTasks']['^result'];", '(property) result: ListTasksResponse'],
  ])('%s shows a name and a comment', (code, expected) => {
    expect(hover(code)).toBe(expected);
  });

  it.each([
    [
      'a whole task',
      "const t: Task = { id: 't', status: { state: 'TASK_STATE_WORKING', message }, artifacts: [], history: [message] };",
    ],
    [
      'parts of every kind',
      "const p: Part[] = [{ text: '' }, { raw: '' }, { url: '', filename: 'f' }, { data: null }, { data: { a: [1] } }];",
    ],
    [
      'metadata of an interface',
      "interface Mine { a: number } declare const mine: Mine; const p: Part = { text: '', metadata: { mine } };",
    ],
    ['a part told apart by `in`', "if ('text' in part) { const s: string = part.text; }"],
    [
      'the parameters of a method',
      "const p: Methods['SendMessage']['params'] = { message }; const q: SendMessageRequest = p;",
    ],
    ['the result of a deletion', "const r: Methods['DeleteTaskPushNotificationConfig']['result'] = {};"],
    [
      'a definition by its name',
      "const d: Definitions['TaskStatus'] = { state: 'TASK_STATE_FAILED' }; const s: TaskStatus = d; const t: TaskState = s.state;",
    ],
    ['changing what one made', "const p: Part = { text: '' }; p.text = 'b'; message.parts.push(p);"],
    [
      'a security scheme',
      "const s: SecurityScheme = { oauth2SecurityScheme: { flows: { clientCredentials: { tokenUrl: 'u', scopes: { a: 'b' } } } } };",
    ],
  ])('%s is accepted', (_what, code) => {
    expect(errors(code)).toEqual([]);
  });

  it.each([
    [
      'a misspelt field',
      "const m: Message = { mesageId: 'm', role: 'ROLE_USER', parts: [] };",
      /'mesageId' does not exist in type .*\. Did you mean to write 'messageId'\?/,
    ],
    ['a missing field', "const m: Message = { role: 'ROLE_USER', parts: [] };", /'messageId' is missing/],
    [
      'a part of two kinds',
      "const p: Part = { text: 'a', raw: 'b' };",
      /not assignable to type 'Part'|to type 'undefined'/,
    ],
    ['a part of no kind', "const p: Part = { filename: 'f' };", /not assignable to type 'Part'/],
    ['a part of 0.3', "const p: Part = { kind: 'text', text: 'a' };", /'kind' does not exist/],
    ['an event of two kinds', 'const e: StreamResponse = { task, message };', /not assignable/],
    [
      'a state of 0.3',
      "const s: TaskStatus = { state: 'completed' };",
      /Type '"completed"' is not assignable/,
    ],
    [
      'a result of a deletion that says something',
      "const r: Methods['DeleteTaskPushNotificationConfig']['result'] = { id: 'p' };",
      /not assignable to type 'never'/,
    ],
    ['an unknown method', "checkV1('message/send', given);", /not assignable to parameter/],
    ['an unknown definition', "checkDefinition('Agent', given);", /not assignable to parameter/],
    [
      'undefined for an absent field',
      "const p: Part = { text: 'a', filename: undefined };",
      /exactOptionalPropertyTypes/,
    ],
    [
      'a result taken unchecked',
      "checkV1('GetTask', given).params;",
      /Property 'params' does not exist on type 'Refusal'/,
    ],
  ])('%s is an error', (_what, code, expected) => {
    expect(errors(code)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('without exactOptionalPropertyTypes', () => {
  const { errors } = editor({ exactOptionalPropertyTypes: false });

  it('absent fields may be undefined', () => {
    expect(errors("const p: Part = { text: 'a', filename: undefined, raw: undefined };")).toEqual([]);
    expect(errors('const c: Partial<AgentCard> = { iconUrl: undefined };')).toEqual([]);
  });

  it('a part still has exactly one kind', () => {
    expect(errors("const p: Part = { text: 'a', raw: 'b' };")).toHaveLength(1);
    expect(errors("const p: Part = { filename: 'f' };")).toHaveLength(1);
    expect(errors("const m: Message = { mesageId: 'm', role: 'ROLE_USER', parts: [] };")).toHaveLength(1);
  });
});
