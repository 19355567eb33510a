import { burst } from './burst.mjs';
import { chunkStreams } from './chunk-streams.mjs';
import { churn } from './churn.mjs';
import { fanOut } from './fan-out.mjs';
import { firstEvent } from './first-event.mjs';
import { growth } from './growth.mjs';
import { idleStreams } from './idle-streams.mjs';
import { slowReader } from './slow-reader.mjs';
import { slowWebhook } from './slow-webhook.mjs';
import { streamV03 } from './stream-v03.mjs';
import { getTask, refuseNoId, refuseNoParts, sendMessage, streamEcho } from './unary.mjs';

/** In the order of the table. */
export const workloads = [
  ...[getTask, sendMessage, streamEcho, streamV03, refuseNoParts, refuseNoId, firstEvent],
  ...[chunkStreams, fanOut, growth, idleStreams, slowReader, slowWebhook, burst, churn],
];
