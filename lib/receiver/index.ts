export { type PushErrorCode, PushError } from './push-error.ts';
export { memoryReplayStore, type ReplayStore } from './replay-store.ts';
export {
  createPushVerifier,
  type PushKeySet,
  type PushVerifierOptions,
  type ReceivedPush,
  type VerifiedPush,
} from './verify-push.ts';
