/** What a suite compares with. Any expect that has these will do: that of jest and vitest, or the package `expect` under node:test. */
export interface Matchers {
  readonly toBe: (expected: unknown) => unknown;
  readonly toEqual: (expected: unknown) => unknown;
  readonly toBeGreaterThan: (expected: number) => unknown;
  readonly toBeLessThanOrEqual: (expected: number) => unknown;
}

/** Registers a test, or a group of them. */
export type Register<Body> = (name: string, body: Body) => unknown;

/** The test runner as a suite needs it: jest's globals fit, and so do those of node:test with an `expect` beside them. */
export interface TestApi {
  readonly describe: Register<() => void>;
  /** `skip`, where the runner has it, marks the cases that can not be run. */
  readonly it: Register<() => Promise<void>> & { readonly skip?: Register<() => Promise<void>> };
  readonly expect: (actual: unknown) => Matchers;
}

/** Registers a case, or says in its name which hook it would have needed. */
export function register(
  api: TestApi,
  name: string,
  missing: readonly string[],
  body: () => Promise<void>,
): void {
  if (missing.length === 0) {
    api.it(name, body);
    return;
  }
  const skip = api.it.skip ?? api.it;
  const hooks = missing.length === 1 ? 'hook' : 'hooks';
  skip(`${name} (not run: needs ${hooks} ${missing.join(', ')})`, () => Promise.resolve());
}

/** The names of the hooks that are wanted and not there. */
export function missingHooks<Hooks extends object>(
  hooks: Hooks,
  needed: readonly (keyof Hooks & string)[],
): string[] {
  return needed.filter((name) => hooks[name] === undefined);
}
