import { setTimeout as sleep } from 'node:timers/promises';
import { TaskFailed } from 'express-a2a';

/**
 * An agent to try every kind of answer with. The first word of a message chooses; any other text is echoed as a stream.
 * @type {import('express-a2a').Agent}
 */
export async function* playgroundAgent(turn) {
  const asked = turn.task.history?.some((message) => message.role === 'ROLE_AGENT') ?? false;
  const [word = ''] = turn.text.trim().toLowerCase().split(/\s/u);
  if (asked) yield* stream(`Hello ${turn.text}!`);
  else if (word === 'ask') await turn.requireInput('What is your name?');
  else if (word === 'slow') yield* count(turn);
  else if (word === 'file') await answerWithFile(turn);
  else if (word === 'fail') throw new TaskFailed('I can not do this', { code: 'PLAYGROUND', data: { word } });
  else if (word === 'reject') await turn.reject('I do not do such things');
  else yield* stream(`You said: ${turn.text}`);
}

/** @param {string} text */
async function* stream(text) {
  for (const piece of text.split(/(?<=\s)/u)) {
    yield piece;
    await sleep(100);
  }
}

/** @param {import('express-a2a').Turn} turn */
async function* count(turn) {
  await turn.working('Counting until you cancel me');
  for (let seconds = 1; seconds <= 600; seconds += 1) {
    await sleep(1000, undefined, { signal: turn.signal });
    yield `${String(seconds)}\n`;
  }
}

/** @param {import('express-a2a').Turn} turn */
async function answerWithFile(turn) {
  const csv = 'word,letters\nfile,4\n';
  await turn.artifact({
    name: 'table.csv',
    parts: [
      { raw: Buffer.from(csv).toString('base64'), filename: 'table.csv', mediaType: 'text/csv' },
      { data: { word: 'file', letters: 4 } },
    ],
  });
  await turn.complete('Here is a file, and the same as data');
}
