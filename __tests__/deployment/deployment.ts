import type { Caller } from '../helpers/make-app.ts';

/** A front-end, seen from outside. */
export interface FrontEnd {
  readonly port: number;
  /** Calls it as this user, whose tasks nobody else sees. */
  readonly as: (user: string) => Caller;
  /** Calls and streams that it is answering. */
  readonly calls: () => Promise<number>;
  /** What it holds in memory; absent where that is the memory of the test. */
  readonly heldBytes?: () => Promise<number>;
  /** Tells it to shut down, as a deploy does, and waits until it has. */
  readonly stop: () => Promise<void>;
}

/** A sender of webhooks. */
export interface Sender {
  /** Ends it without a warning, where it is a process of its own. */
  readonly crash: () => Promise<void>;
}

/** Two front-ends and two workers that run `deployedAgent`, and what can be started beside them. */
export interface Deployment {
  readonly web: readonly [FrontEnd, FrontEnd];
  /** Lets the agent pass, in whichever process it waits. */
  readonly open: (gate: string) => void;
  readonly addFrontEnd: () => Promise<FrontEnd>;
  readonly addSender: () => Promise<Sender>;
  readonly close: () => Promise<void>;
}

/** What a set-up can do. */
export interface SetUp {
  readonly start: () => Promise<Deployment>;
}
