import { expect, it } from '@jest/globals';
import express from 'express';
import { a2aRouter } from '../../lib/express/router.ts';
import { serve } from '../helpers/serve.ts';

// NEEDS 6: a parser that has read an empty body leaves `{}` and a stream that has ended without a byte
it.each(['/a2a', '/a2a/message:send'])(
  'an empty body behind express.json() is answered: %s',
  async (path) => {
    const a2a = a2aRouter({ card: { name: 'N', description: 'D', version: '1' }, agent: () => 'hello' });
    const served = await serve((app) => app.use(express.json()).use('/a2a', a2a));
    const headers = { 'Content-Type': 'application/json', 'A2A-Version': '1.0' };
    const response = await fetch(`${served.origin}${path}`, { method: 'POST', headers, body: '' });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('Invalid JSON payload: the body is empty, send a');
    await a2a.close({ drainMs: 0 });
    await served.close();
  },
);

// NEEDS 6: where the path says all there is, no body is needed, whatever a parser makes of none
it.each([
  ['json', express.json({ type: () => true })],
  ['text', express.text({ type: () => true })],
  ['raw', express.raw({ type: () => true })],
])('a call without a body needs no type behind express.%s()', async (_, parser) => {
  const a2a = a2aRouter({ card: { name: 'N', description: 'D', version: '1' }, agent: () => 'hello' });
  const served = await serve((app) => app.use(parser).use('/a2a', a2a));
  const headers = { 'A2A-Version': '1.0' };
  const response = await fetch(`${served.origin}/a2a/tasks/nobody:cancel`, { method: 'POST', headers });
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('TASK_NOT_FOUND');
  await a2a.close({ drainMs: 0 });
  await served.close();
});
