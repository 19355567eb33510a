// Posts notifications to webhooks. One is enough; a second one takes over when the first is lost.
import { startPushSender } from 'express-a2a';
import { connect, webhookRules } from './backend.mjs';
import { say, whenToldToEnd } from './process.mjs';

const { backend, close } = await connect();
const sender = await startPushSender({ ...backend, ...webhookRules });
say('ready');
whenToldToEnd(async () => {
  await sender.stop({ drainMs: 5000 });
  await close();
});
