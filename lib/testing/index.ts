export {
  createTestAgent,
  type CallOptions,
  type SendOptions,
  type TestAgent,
  type TestAgentError,
  type TestAgentOptions,
  type UnaryMethod,
} from './test-agent.ts';
export type { TestStream } from './test-stream.ts';
export { scriptedAgent, type ScriptedAgent, type Step } from './scripted-agent.ts';
export { createGate, type Gate } from './gate.ts';
export { textOf } from './text-of.ts';
export { fakeClock, type FakeClock } from './fake-clock.ts';

export type { Matchers, Register, TestApi } from './test-api.ts';
export { storageSuite, type StorageHook, type StorageHooks, type StorageWish } from './storage-suite.ts';
export { brokerSuite, type BrokerHooks } from './broker-suite.ts';
export { eventBusSuite, type EventBusHooks } from './event-bus-suite.ts';
export { feedSuite, type FeedHooks, type FeedSetup } from './feed-suite.ts';
export { workerSuite, type WorkerHooks, type WorkerSetup } from './worker-suite.ts';
export { serveBackend } from './process/serve-backend.ts';
export type { ProcessModule } from './process/second-process.ts';
export { foldVectors, type FoldVector } from './fold-vectors.ts';

export { hostileBus, type HostileBus, type Hostility } from './hostile-bus.ts';
export { hostileBroker, type BrokerHostility, type HostileBroker } from './hostile-broker.ts';
export {
  faultyStorage,
  type Fault,
  type FaultyStorage,
  type StorageCall,
  type StorageMethod,
} from './faulty-storage.ts';
export {
  chooseBy,
  createScheduler,
  exhaust,
  type Backend,
  type Choose,
  type Scheduler,
} from './scheduler.ts';
