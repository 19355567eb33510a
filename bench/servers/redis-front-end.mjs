// A front-end of the Redis benchmark: runs no agent.
import express from 'express';
import { a2aRouter } from 'express-a2a';
import { redisBackend } from 'express-a2a/redis';
import { listen } from '../lib/listen.mjs';
import { connect } from '../redis/redis-server.mjs';

const client = await connect(process.env['REDIS_URL'] ?? '');
const a2a = a2aRouter({
  ...redisBackend({ client, retention: { logMs: Number(process.env['LOG_MS'] ?? Infinity) } }),
  card: { name: 'Benchmark', description: 'Runs benchmark scripts', version: '1.0.0' },
});
listen(express().use('/a2a', a2a));
