import { redisSuites } from './suites.ts';

redisSuites('ioredis');
