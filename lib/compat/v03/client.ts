// what a client needs to speak 0.3, loaded only for agents that do
export { cardToV1 } from './card.ts';
export { eventToV1 } from './event.ts';
export { callToV03 } from './params.ts';
export { resultToV1 } from './result.ts';
