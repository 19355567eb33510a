import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const PORTS = [
  'broker',
  'clock',
  'config-error',
  'event-bus',
  'fold',
  'heap',
  'log',
  'logger',
  'push-storage',
  'storage',
  'transient-map',
];
const NETWORK = ['dgram', 'dns', 'http', 'http2', 'https', 'net', 'tls'];

/**
 * Who may import whom. `folders`: below lib, beside the own one; `packages`: from node_modules; `node`: which of
 * node's modules ('all', 'none', or all but the network); `core`: the only files of core, where not all are allowed.
 *
 * @typedef {{ folders: string[], packages?: string[], node: 'all' | 'offline' | 'none', core?: string[], lazy?: string[],
 *   lazyPackages?: string[] }} Layer
 * @type {Record<string, Layer>}
 */
const LAYERS = {
  protocol: { folders: [], packages: ['ajv', 'json-schema-to-ts'], node: 'none' },
  core: { folders: ['protocol'], node: 'offline', lazyPackages: ['canonicalize', 'jose'] },
  binding: { folders: ['core', 'protocol'], node: 'none' },
  jsonrpc: { folders: ['binding', 'core', 'protocol'], node: 'none' },
  rest: { folders: ['binding', 'core', 'protocol'], node: 'none' },
  'compat/v03': { folders: ['protocol'], packages: ['json-schema-to-ts'], node: 'none' },
  push: { folders: ['core', 'protocol'], node: 'all', lazyPackages: ['jose'] },
  http: { folders: ['binding', 'jsonrpc', 'rest', 'core', 'protocol'], node: 'all' },
  express: { folders: ['http', 'push', 'core', 'memory'], packages: ['express'], node: 'all' },
  memory: { folders: ['protocol', 'core'], core: PORTS, node: 'offline' },
  redis: { folders: ['protocol', 'core'], core: PORTS, node: 'offline' },
  postgres: { folders: ['protocol', 'core'], core: PORTS, node: 'offline' },
  receiver: { folders: [], node: 'none', lazyPackages: ['jose'] },
  testing: { folders: ['protocol', 'core', 'memory'], node: 'offline' },
  cli: { folders: ['client', 'protocol'], node: 'offline' },
  client: {
    folders: ['protocol'],
    packages: ['eventsource-parser'],
    node: 'none',
    lazy: ['compat/v03'],
    lazyPackages: ['jose', 'canonicalize'],
  },
};

/**
 * Patterns that a file of this layer must not import.
 *
 * @param {string} name
 * @param {Layer} layer
 */
function forbidden(name, layer) {
  const others = Object.keys(LAYERS).filter((other) => other !== name && !layer.folders.includes(other));
  const packages = ['node:', ...(layer.packages ?? []).map((it) => `${it}(?:/|$)`)];
  /** @type {{ regex: string, message: string }[]} */
  const patterns = [
    {
      regex: `^\\.{1,2}/(?:\\.\\./)*(?:${others.join('|')})/`,
      message: `lib/${name} may not import this folder.`,
    },
    {
      regex: '^(?:\\.\\./)+index\\.ts$|^express-a2a(?:/|$)',
      message: 'Nothing in lib imports the public entry.',
    },
    { regex: '^\\.(?!.*\\.ts$)', message: 'Relative imports end in .ts.' },
    { regex: `^(?!\\.|${packages.join('|')})`, message: `lib/${name} may not import this package.` },
  ];
  if (layer.node === 'none') patterns.push({ regex: '^node:', message: `lib/${name} runs without node.` });
  if (layer.node === 'offline') {
    patterns.push({
      regex: `^node:(?:${NETWORK.join('|')})(?:/|$)`,
      message: `lib/${name} opens no connection.`,
    });
  }
  if (layer.core) {
    const message = `lib/${name} sees the ports, the log, the fold and the containers of core.`;
    patterns.push({ regex: `^\\.\\./(?:\\.\\./)*core/(?!(?:${layer.core.join('|')})\\.ts$)`, message });
  }
  return patterns;
}

// what `import` and `require` cannot both do, and what style forbids
const SYNTAX = [
  {
    selector: 'MetaProperty[meta.name="import"]',
    message: 'lib is emitted as CommonJS too: no import.meta.',
  },
  { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
  { selector: 'ExportAllDeclaration', message: 'Exports are listed one by one.' },
];

/**
 * @param {string} name
 * @param {Layer} layer
 * @param {string[]} files
 * @returns {import('eslint').Linter.Config}
 */
function rulesOf(name, layer, files) {
  const lazy = {
    ...layer,
    folders: [...layer.folders, ...(layer.lazy ?? [])],
    packages: [...(layer.packages ?? []), ...(layer.lazyPackages ?? [])],
  };
  return {
    files,
    rules: {
      'no-restricted-imports': ['error', { patterns: forbidden(name, layer) }],
      'no-restricted-syntax': [
        'error',
        ...SYNTAX,
        // no-restricted-imports does not look into import()
        ...forbidden(name, lazy).map(({ regex, message }) => ({
          selector: `ImportExpression[source.value=/${regex.replaceAll('/', '\\/')}/]`,
          message,
        })),
      ],
    },
  };
}

const layers = Object.entries(LAYERS).map(([name, layer]) => rulesOf(name, layer, [`lib/${name}/**/*.ts`]));
const { jsonrpc } = /** @type {{ jsonrpc: Layer }} */ (LAYERS);
// the one place that hands requests in the older dialect on
const dispatch = rulesOf('jsonrpc', { ...jsonrpc, folders: [...jsonrpc.folders, 'compat/v03'] }, [
  'lib/jsonrpc/dispatch.ts',
]);

export default defineConfig([
  globalIgnores(['dist/', 'coverage/', '.ci/cache/', '__tests__/consumers/fixtures/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'no-implicit-coercion': ['error', { boolean: false }],
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/require-await': 'off', // an async function that only throws or returns keeps its contract
      // the generated types name what json-schema-to-ts infers
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      'max-lines': ['error', 400],
      'no-console': 'error',
      'no-restricted-globals': ['error', '__dirname', '__filename', 'require', 'module'],
      'no-restricted-syntax': ['error', ...SYNTAX],
    },
  },
  ...layers,
  dispatch,
  { files: ['lib/protocol/*.schema.ts', 'lib/compat/*/schema.ts'], rules: { 'max-lines': 'off' } },
  {
    files: ['__tests__/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // an expectation names a method without calling it
      '@typescript-eslint/unbound-method': 'off',
      // tests send what the types forbid, and agents in them yield nothing
      'require-yield': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^\\.(?!.*\\.ts$|.*\\.json$)', message: 'Relative imports end in .ts.' }] },
      ],
    },
  },
  // types of scripts are checked by tsc, from their JSDoc
  { files: ['**/*.{mjs,cjs}'], rules: { 'no-undef': 'off' } },
]);
