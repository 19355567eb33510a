import { redisSuites } from './suites.ts';

redisSuites('node-redis');
