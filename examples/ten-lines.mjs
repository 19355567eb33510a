import express from 'express';
import { a2aRouter } from 'express-a2a';

const a2a = a2aRouter({
  card: { name: 'Haiku', description: 'Writes haiku', version: '1.0.0' },
  async *agent(turn) {
    for await (const token of model(turn.text, { signal: turn.signal })) yield token;
  },
});
const app = express();
app.use('/a2a', a2a);
app.use(a2a.wellKnown('/a2a'));
const server = app.listen(3000, '127.0.0.1');
process.once('SIGTERM', () => {
  server.close();
  void a2a.close();
});

/**
 * Stands for a language model that answers token by token.
 * @param {string} prompt
 * @param {{ signal: AbortSignal }} options
 */
async function* model(prompt, { signal }) {
  for (const word of `An old silent pond / ${prompt} jumps into the pond / splash! Silence again.`.split(
    ' ',
  )) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
    yield `${word} `;
  }
}
